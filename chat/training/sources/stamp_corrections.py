"""What looking at every stamp corrected: names, kinds, and pictures that show no one thing.

A key is the end of a stamp's path, whole parts of it, without the suffix.
"""

from __future__ import annotations


def _table(text: str) -> dict[str, str]:
    """The lines `words: key key …` of `text`, as key -> words; a key has no space, so `+` stands for one."""
    pairs = (line.split(":", 1) for line in text.strip().splitlines())
    return {key.replace("+", " "): words.strip() for words, keys in pairs for key in keys.split()}


# Writing, money, two things at once, parts without the rest, and what nobody would name from the picture.
DROPPED = tuple(
    """
    symbols/alphabets symbols/math symbols/money symbols/music town/roadsigns symbols/recycle
    penguin_with_spider spider_computer spider_fly spider_football insects/cartoon/wings cats/cartoon/lion
    mammals/wildboar top_skirt hobbies/knitting old_naval_shell final-roll-call infantry-stryker eye_yellow
    girlface hair_manga hair_manga_2 head_female body_parts/wig wig2 wig3 plants/eggplant flower4 flower7
    plants/lavender lettuce_bolted plants/thyme rambutan German_Christmas_toy christmas/lamp bunny-egg
    chick-in-egg confetti newyears/fireworks party-hat party-horn-out 1_mercury 9_pluto rugby_goal_posts
    cartoon/cityhouse fishery jailhouse monastery tavern magic_stones sword_in_the_stone inukshuk-outline
    inukshuk-photo sedan_police trainSign cartoon/mine
    """.split()
)
# Those few in a dropped folder that do show a thing.
KEPT = tuple(
    "roadsigns/traffic_cone roadsigns/stop stoplight_01_red stoplight_02_yellow stoplight_03_green".split()
)

RENAMED = _table(
    """
    parrot: adelaide-rosella rainbow-lorikeet
    peahen: albino_peahen
    penguin: pengwin cartoon/tux magellanic_penguin
    crane: crowned_crane
    duck: drake
    goose: gander
    guinea fowl: helmeted_guineafowl
    seagull: silver-gull
    dinosaur: dinosaurSings
    fish: bluegroper butterflyfish clownfish coraltrout dolphinfish moonwrasse stripedfish
    lionfish: fish/lionfish
    lobster: fish/lobster
    butterfly: monarchbutterfly
    hoverfly: hoverfly
    moth: xanthia
    monkey: tamarin_emperor
    teddy bear: edward_bear
    bear: european-bear
    gnu: gnu-baby gnu-baby-stand
    antelope: indian_blackbuck
    goat: mountaingoat
    lamb: sheep_lamb
    cow: zebu
    camel: dromedary
    tiger: tiger_sumatran
    reindeer: caribou rudolf_reindeer
    deer: doe wapiti
    dog: dingo
    pig: pig_golden pig_golden2
    shell: abalone murray-mussel
    helmet: knight_helmet football_helmet_front football_helmet_side
    pants: bellbottoms
    hanger: clotheshanger
    hat: feathered_hat greenhat propeller_hat elfhat
    graduation cap: mortarboard
    wizard hat: wizardhat
    shoe: red_highheel
    boot: hikingboot
    t-shirt: t-shirt_01 t_tshirt
    shirt: t_poloshirt
    bread: food/bread
    cheese: food/cheese
    apple: apple_fuji apple_granny_smith apple_sierra_beauty
    avocado: avocado
    plum: cartoon/prune
    cherimoya: cherimoya
    kiwi: fruit/kiwi
    orange: mandarine orange_seville
    pizza: food/pizza
    ginger: spices/ginger
    broccoli: broccoli
    chili pepper: chilepepper
    garlic: vegetables/garlic
    squash: pattypan_squash
    tomato: vegetables/tomato
    sweet potato: vegetables/yam
    cymbal: cymbal_crash
    drum: drum_tomtom_floor
    guitar: guitar_classical guitar_electric_bass guitar_electric_bass2
    light bulb: Lightbulb
    pen: ballpointpen biro
    highlighter: highlighter
    paint tube: painttube
    marker: pen_dryerase
    cup: coffeecup expresso
    glass: dishes/glass
    camera: DSLR_Camera digitalcamera
    disc: compact_disc
    printer: inkjet_printer laser_printer
    laptop: electronics/laptop
    mobile phone: electronics/mobile
    monitor: electronics/monitor
    trash can: garbagecan trash_can wheelie_bin
    globe: household/globe
    compost bin: home_compost_bin
    microwave: household/microwave
    recycling bin: recyclingbox recyclingbox2
    candle: tealight
    toilet: household/toilet
    mallet: mallet_metal
    tape measure: measuring_tape
    spade: tools/spade
    wrench: wrench_adjustable wrench_plumbers
    bandage: bandage_adhesive
    thermometer: digitalthermometer mercurythermometer
    stethoscope: medical/stethoscope
    firefighter: fireman200b fireman240a
    woman: woman_dancing
    sword: longsword
    parachute: paratrooper
    tank: bradley ww2_german_gun
    fighter jet: f22_raptor
    airplane: vehicles/mustang planes/cartoon/plane
    smoke: naturalforces/explosion
    lightning: lightningbolt
    eye: manga_eye_left manga_eye_right
    doll: grannysmith
    flower: adeenia anemone_red anthoorium appooppanthady bolsom pigface chuvanna_plastic_poo red-gazania
    petunia: whitestar-petunia
    hibiscus: flower10
    mushroom: cep cep-1 cep-2 toadstool
    tree: birch holm_oak tree336
    palm tree: liberia-palm
    holly: holly_leaves
    pine cone: pinecone
    candy cane: Candy_cane_photo_1 Candy_cane_photo_2
    pudding: Christmas_pudding
    pie: Mince_Pie
    roast turkey: Roast_turkey
    candy: hard_candy
    santa hat: santahat santahat2
    ornament: xmas_tp_bulb
    wreath: xmaswreath
    clover: seasonal/clover seasonal/shamrock
    bird: easter/bluebird
    hippo: hippopotamus
    rabbit: easter/bunny bunny-head
    chick: chick-hatched
    easter egg: wrapped_chocolate_easter_egg wrapped_chocolate_easter_egg_2
    gravestone: grave-b grave-d grave-e grave-f grave-g grave-h grave-i
    cross: grave-c
    dreidel: dreydl-gimmel dreydl-hay dreydl-nun dreydl-shin
    menorah: hanukkah/menorah
    sled: winter/sledge
    spacecraft: apollo_lander
    moon: moon_3qt moon_crescent moon_full
    planet: 2_venus 7_uranus 8_neptune
    astronaut: spacewalk
    space probe: voyager2
    football: australian_rules_football sports/football
    trophy: trophy_cup
    chess king: b_1_king w_1_king
    chess queen: b_2_queen w_2_queen
    chess bishop: b_3_bishop w_3_bishop
    chess knight: b_4_knight w_4_knight
    chess rook: b_5_rook w_5_rook
    chess pawn: b_6_pawn w_6_pawn
    clock: clockface
    surprised face: faces/excited
    happy face: faces/happy
    angry face: faces/mad
    sad face: faces/sad
    speech bubble: scream_balloon speech_balloon
    thought bubble: thought_balloon
    dock: cartoon/docks
    fountain: cartoon/fountain
    ruins: cartoon/ruins
    tower: watch_tower tower_flag_red tower_round tower_round_flag tower_square
    well: wishing_well
    flag: blue-and-yellowflag
    building: blacksmith townhall university warehouse
    church: houses/cartoon/cathedral
    cave: cave_entrance
    city: cartoon/city
    castle: fairytale_castle fortress
    house: cartoon/hunter cartoon/inn pinkhome swisshome
    tent: medieval_tent
    barn: cartoon/stables
    cottage: wooden_cottage
    eiffel tower: eiffel_tower
    mailbox: uk_post_box
    wheel: 7spoke256 bikewheel wheel_tractor
    car: auto/beetle auto/sedan
    cement truck: cementMixer
    forklift: cartoon/forklift cartoon/forklift2
    tow truck: towTruck
    motorcycle: motorbike
    tractor: tux_tractor
    helicopter: eddieCopter
    truck: iso_lorry1 iso_lorry2 iso_lorry3 iso_lorry4 toy_truck
    train car: boxcar caboose locomotive/cartoon/carriage locomotive/cartoon/tanker locomotive/cartoon/tender
    train: toy_train white_train
    double-decker bus: double_decker_bus
    race car: f1_car
    submarine: bathyscape
    tugboat: tugboat
    ship: chineseJunk
    sailboat: sail_boat1 sail_boat2 walnutBoat
    traffic cone: traffic_cone
    stop sign: roadsigns/stop
    traffic light: stoplight_01_red stoplight_02_yellow stoplight_03_green
    """
)

# By name; `-` is no kind at all.
BROADER = _table(
    """
    animal: fish dinosaur bird lobster shrimp slug snail spider woodlouse bat cat rabbit reindeer
    bird: chick turkey
    insect: butterfly
    plant: flower tree clover holly
    flower: daffodil
    tree: christmas+tree
    food: pie roast+turkey easter+egg
    candy: candy+cane
    dessert: pudding
    toy: teddy+bear rubber+duck doll dreidel kite
    hat: fedora cowboy+hat hard+hat graduation+cap wizard+hat sombrero top+hat santa+hat baseball+cap
    clothing: hat
    device: camera stopwatch
    machine: cement+mixer washing+machine
    body part: eye tooth hand skull moustache
    weapon: sword
    person: santa+claus astronaut firefighter mermaid
    ball: football basketball volleyball cricket+ball soccer+ball tennis+ball
    tool: rake
    chess piece: chess+king chess+queen chess+bishop chess+knight chess+rook chess+pawn
    face: surprised+face happy+face angry+face sad+face
    tower: eiffel+tower
    tent: circus+tent tepee
    building: castle tower fort
    planet: earth jupiter saturn mars
    airplane: fighter+jet
    car: sports+car race+car
    truck: fire+truck dump+truck tow+truck cement+truck garbage+truck pickup+truck
    bus: double-decker+bus school+bus
    train: train+car
    boat: sailboat tugboat
    sign: stop+sign
    -: tent shell crown hanger clothespin button glasses sunglasses handbag apple+core toolbox moon planet sun
    -: christmas+stocking gravestone cross wheel tire pine+cone cave city farm graveyard fort
    -: scarecrow snowman mushroom trophy helmet traffic+light hot+air+balloon
    """
)

# Drawn, though neither an SVG nor in a folder of cartoons.
HAND_DRAWN = tuple(
    """
    t_baseballcap t_glove t_jacket t_pants t_poloshirt t_scarf t_shirt t_sock t_tshirt food/pizza tooth
    body_parts/eye easter/bluebird bunny-head easter/bunny easter/butterfly chick-hatched easter/chick
    easter/daffodil bat_left blackcat halloween/ghost halloween/skull halloween/spider symbols/chess
    seasonal/hanukkah symbols clockface town/flags christmas/Santa christmas/bow
    christmas/candy_cane hard_candy
    santahat christmas/star christmas/stocking christmas/tree xmas_tp_bulb xmaswreath party-horn-in fireworks2
    0_sun auto/sedan sportscar2 auto/truck seasonal/christmas/gift gift2 hedgehog garbagetruck
    naturalforces/explosion lightningbolt town/roadsigns/stop stoplight_01_red
    stoplight_02_yellow stoplight_03_green
    """.split()
)
