"""Emoji of Noto Color Emoji: a list checked by eye, each with its plain name."""

from __future__ import annotations

from pathlib import Path

from chat.training.sources.cutout import Cutout

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")

# A line is `broader: character name, …`; `-` stands for no broader word.
LISTED = """
animal: 🐒 monkey, 🐵 monkey, 🦍 gorilla, 🦧 orangutan, 🐶 dog, 🐕 dog, 🐩 poodle, 🐺 wolf, 🦊 fox
animal: 🦝 raccoon
animal: 🐱 cat, 🐈 cat, 🦁 lion, 🐯 tiger, 🐅 tiger, 🐆 leopard, 🐴 horse, 🐎 horse, 🦄 unicorn
animal: 🦓 zebra, 🦌 deer
animal: 🐮 cow, 🐂 ox, 🐃 buffalo, 🐄 cow, 🐷 pig, 🐖 pig, 🐗 boar, 🐏 ram, 🐑 sheep, 🐐 goat, 🐪 camel
animal: 🐫 camel
animal: 🦙 llama, 🦒 giraffe, 🐘 elephant, 🦏 rhino, 🦛 hippo, 🐭 mouse, 🐁 mouse, 🐀 rat, 🐹 hamster
animal: 🐰 rabbit
animal: 🐇 rabbit, 🐿 squirrel, 🦔 hedgehog, 🦇 bat, 🐻 bear, 🐨 koala, 🐼 panda, 🦥 sloth, 🦦 otter
animal: 🦨 skunk
animal: 🦘 kangaroo, 🦡 badger, 🐸 frog, 🐊 crocodile, 🐢 turtle, 🦎 lizard, 🐍 snake, 🐲 dragon
animal: 🐉 dragon
animal: 🦕 dinosaur, 🦖 dinosaur, 🐳 whale, 🐋 whale, 🐬 dolphin, 🦭 seal, 🐙 octopus, 🐌 snail
animal: 🕷 spider
animal: 🦂 scorpion, 🦀 crab, 🦞 lobster, 🦐 shrimp, 🦑 squid, 🐛 caterpillar, 🪱 worm, 🦬 bison
animal: 🦣 mammoth
animal: 🦫 beaver, 🦮 dog
bird: 🦃 turkey, 🐔 chicken, 🐓 rooster, 🐣 chick, 🐤 chick, 🐥 chick, 🐧 penguin, 🕊 dove, 🦅 eagle
bird: 🦆 duck
bird: 🦢 swan, 🦉 owl, 🦩 flamingo, 🦚 peacock, 🦜 parrot, 🦤 dodo
animal: 🐦 bird, 🐟 fish, 🐠 fish
fish: 🐡 pufferfish, 🦈 shark
insect: 🦋 butterfly, 🐜 ant, 🐝 bee, 🪲 beetle, 🐞 ladybug, 🦗 cricket, 🪳 cockroach, 🦟 mosquito
insect: 🪰 fly
-: 🍬 candy, 🚀 rocket, 🐚 shell, 🐾 paw prints, 🪶 feather, 🕸 spider web, 🥚 egg, 🦴 bone
flower: 🌸 cherry blossom, 🌹 rose, 🌺 hibiscus, 🌻 sunflower, 🌷 tulip
plant: 🌼 flower, 🌱 seedling, 🪴 potted plant, 🌲 tree, 🌳 tree, 🌵 cactus, 🌿 herb, 🍀 clover
plant: ☘ clover
tree: 🌴 palm tree, 🎄 christmas tree
-: 💐 bouquet, 🍁 maple leaf, 🍂 leaves, 🍄 mushroom
fruit: 🥑 avocado, 🍇 grapes, 🍈 melon, 🍉 watermelon, 🍊 orange, 🍋 lemon, 🍌 banana, 🍍 pineapple
fruit: 🥭 mango, 🍎 apple
fruit: 🍏 apple, 🍐 pear, 🍑 peach, 🍒 cherries, 🍓 strawberry, 🫐 blueberries, 🥝 kiwi, 🥥 coconut
vegetable: 🎃 pumpkin, 🍅 tomato, 🍆 eggplant, 🥔 potato, 🥕 carrot, 🌽 corn, 🌶 chili pepper, 🫑 pepper
vegetable: 🥒 cucumber, 🥬 lettuce, 🥦 broccoli, 🧄 garlic, 🧅 onion
nut: 🥜 peanut, 🌰 chestnut
food: 🥧 pie, 🍞 bread, 🥐 croissant, 🥖 baguette, 🥨 pretzel, 🥯 bagel, 🥞 pancakes, 🧇 waffle
food: 🧀 cheese, 🥩 steak
food: 🥓 bacon, 🍔 hamburger, 🍟 french fries, 🍕 pizza, 🌭 hot dog, 🥪 sandwich, 🌮 taco, 🌯 burrito
food: 🍳 fried egg
food: 🥗 salad, 🍿 popcorn, 🧈 butter, 🍚 rice, 🍜 noodles, 🍝 spaghetti, 🍣 sushi, 🥟 dumpling
food: 🍗 chicken leg
food: 🫒 olives, 🍯 honey, 🍤 fried shrimp
dessert: 🍦 ice cream, 🍨 ice cream, 🍩 donut, 🍪 cookie, 🎂 birthday cake, 🍰 cake, 🧁 cupcake
dessert: 🍮 pudding
dessert: 🍫 chocolate, 🍭 lollipop
drink: ☕ coffee, 🍵 tea, 🍷 wine, 🍸 cocktail, 🍹 cocktail, 🍺 beer, 🥛 milk, 🧃 juice box
-: 🍼 baby bottle, 🫖 teapot, 🍾 bottle, 🥄 spoon, 🔪 knife, 🏺 vase, 🥢 chopsticks, 🥣 bowl
vehicle: 🚂 train, 🚆 train, 🚌 bus, 🚎 trolleybus, 🚐 van, 🚑 ambulance, 🚕 taxi, 🚗 car, 🚙 car
vehicle: 🚚 truck
vehicle: 🚛 truck, 🚜 tractor, 🏍 motorcycle, 🛵 scooter, 🚲 bicycle, 🛴 scooter, 🛺 rickshaw
vehicle: ✈ airplane
vehicle: 🚁 helicopter, 🚤 speedboat, 🚢 ship, 🛶 canoe, 🚄 train, 🚋 tram
boat: ⛵ sailboat
sign: 🛑 stop sign
chess piece: ♟ chess pawn
flag: 🏁 checkered flag
truck: 🛻 pickup truck, 🚒 fire truck
car: 🚓 police car, 🏎 race car
-: 🛹 skateboard, ⚓ anchor, 🚦 traffic light, 🚧 barrier, 🛸 flying saucer, 🛰 satellite, 🪂 parachute
-: ⛽ gas pump, 🎡 ferris wheel, 🎢 roller coaster, 🎠 carousel horse, ⛺ tent, ⛲ fountain, 🗽 statue
-: 🗿 statue
building: 🏠 house, 🏡 house, 🏰 castle, 🏯 castle, ⛪ church, 🏫 school, 🏥 hospital, 🏭 factory
building: 🏢 building
building: 🕌 mosque, 🏟 stadium, 🛖 hut, 🏦 bank
-: 🌋 volcano, 🏔 mountain, 🏝 island, 🌈 rainbow, ☀ sun, 🌞 sun, 🌙 moon, 🌕 moon, 🌛 moon, ⭐ star
-: ☁ cloud
-: ❄ snowflake, ⛄ snowman, ☃ snowman, ⚡ lightning, 🌪 tornado, 🔥 fire, 💧 drop, 🌊 wave
-: ☂ umbrella, ☔ umbrella
planet: 🌍 earth, 🌎 earth, 🪐 saturn
-: ☄ comet, 🎈 balloon, 🎁 gift, 🎀 bow, 🎆 fireworks, 🏆 trophy, 🏅 medal, 🥇 medal, 🎗 ribbon
ball: ⚽ soccer ball, ⚾ baseball, 🏀 basketball, 🏐 volleyball, 🏈 football, 🏉 rugby ball
sports equipment: 🎾 tennis racket
-: 🎳 bowling pins, 🏓 ping-pong paddle, 🏸 badminton racket, 🥊 boxing glove, 🥅 goal, 🎿 ski, 🛷 sled
-: 🎯 dartboard, 🥏 frisbee
toy: 🪆 doll, 🪁 kite, 🪀 yo-yo, 🧸 teddy bear, 🧩 puzzle piece
-: 🎲 die, 🎮 game controller, 🎨 palette, 🧵 thread, 🧶 yarn, 🎭 masks, 🎟 ticket, 🔮 crystal ball
clothing: 👔 shirt, 👕 t-shirt, 👖 jeans, 🧣 scarf, 🧤 gloves, 🧥 coat, 🧦 socks, 👗 dress, 👘 kimono
clothing: 👙 bikini
clothing: 👞 shoe, 👟 sneaker, 🥾 boot, 👠 high heel, 👡 sandal, 👢 boot, 🩳 shorts, 🦺 safety vest
clothing: 🩱 swimsuit
clothing: 🥿 shoe
hat: 👒 sun hat, 🎩 top hat, 🎓 graduation cap, 🧢 cap
-: 👓 glasses, 🕶 sunglasses, 🥽 goggles, 👑 crown, 💍 ring, 💎 diamond, 👛 purse, 👜 handbag
-: 🎒 backpack
-: 💄 lipstick, ⛑ helmet, 🪖 helmet
musical instrument: 🎷 saxophone, 🪗 accordion, 🎸 guitar, 🎹 piano, 🎺 trumpet, 🎻 violin, 🪕 banjo
musical instrument: 🥁 drum
device: 💿 disc, 📱 mobile phone, ☎ telephone, 🔋 battery, 🔌 plug, 💻 laptop, 🖥 computer, 🖨 printer
device: ⌨ keyboard
device: 🖱 computer mouse, 📷 camera, 📺 television, 📻 radio, 🎧 headphones, 🎤 microphone
device: 🔬 microscope
device: 🔭 telescope, 🎥 movie camera, 🧮 abacus
-: 🔔 bell, 💾 floppy disk, 🔦 flashlight, 🕯 candle, 💡 light bulb, 📖 book, 📕 book, 📚 books
-: 📒 notebook, 📰 newspaper, 💵 money, 🪙 coin, ✉ envelope, 📦 box, 📫 mailbox, ✏ pencil, 🖊 pen
-: 🖍 crayon, 📁 folder, 📎 paper clip, 📏 ruler, ✂ scissors, 🗑 trash can, 🔒 padlock, 🔑 key, 🗝 key
-: 🧲 magnet
tool: 🖌 paintbrush, 🔨 hammer, 🪓 axe, ⛏ pickaxe, 🪚 saw, 🔧 wrench, 🪛 screwdriver, 🪜 ladder
-: 🔩 bolt, 🔗 chain, 🪝 hook, 🧪 test tube, 💉 syringe, 💊 pill, 🩹 bandage, 🩺 stethoscope, 🧬 dna
weapon: 🗡 dagger, ⚔ swords, 🛡 shield, 🏹 bow and arrow, 🔫 water pistol, 💣 bomb
-: 🚪 door, 🪞 mirror, 🪟 window, 🚽 toilet, 🚿 shower, 🛁 bathtub, 🪒 razor, 🧴 lotion, 🧹 broom
-: 🧺 basket
-: 🧻 toilet paper, 🪣 bucket, 🧼 soap, 🪥 toothbrush, 🧽 sponge, 🧯 fire extinguisher, 🛒 shopping cart
-: ⏰ clock
furniture: 🪑 chair, 🛋 couch, 🛏 bed
-: ⌚ watch, ⏳ hourglass, 🧭 compass, 🗺 map, 🧳 suitcase, 🧱 brick, 🪵 wood, 🧊 ice, 🪨 rock
-: ⚖ scales
-: 🏮 lantern, 🪔 oil lamp, 🧨 firecracker, 🪃 boomerang, 📌 pushpin, 🎣 fishing rod, 🌡 thermometer
-: ❤ heart, 💔 broken heart, 🚩 flag, 🏴 flag, 🎵 musical note, 💬 speech bubble
-: 👻 ghost, 👽 alien, 🤖 robot, 💩 poop, ⛓ chains, 🪢 knot, ⚙ gear, 🗂 folder, 🗄 filing cabinet
-: 🧰 toolbox
body part: 💀 skull, 👁 eye, 👂 ear, 👃 nose, 👄 mouth, 👅 tongue, 🦷 tooth, ✋ hand, 👍 thumbs up
body part: 👎 thumbs down, ✊ fist
body part: 🦵 leg, 🦶 foot, 💪 arm, 🧠 brain
-: 👣 footprints
face: 😀 happy face, 😃 happy face, 😁 happy face, 🙂 happy face, 😂 laughing face, 😍 face, 😢 sad face
face: 😭 crying face
face: 🙁 sad face, 😠 angry face, 😡 angry face, 😮 surprised face, 😴 sleeping face, 😎 face
face: 😉 winking face
person: 👶 baby, 👦 boy, 👧 girl, 👨 man, 👩 woman, 👴 old man, 👵 old woman, 👮 police officer
person: 🤡 clown
person: 👸 princess, 🤴 prince, 🎅 santa claus, 🧙 wizard, 🤠 cowboy, 👷 construction worker, 💃 dancer
person: 🏃 runner
person: 🏊 swimmer, 🏄 surfer, 🚴 cyclist, 🧜 mermaid, 🧚 fairy, 🧛 vampire, 🥷 ninja, 👰 bride
"""


def emoji(font: Path = FONT) -> list[Cutout]:
    """The listed emoji in order of the list; none where the font is not installed."""
    if not font.exists():
        return []
    found = []
    for line in LISTED.strip().splitlines():
        broader, _, entries = line.partition(": ")
        for entry in entries.split(","):
            character, _, name = entry.strip().partition(" ")
            path = "emoji:" + "-".join(f"{ord(point):X}" for point in character)
            kind = "" if broader in ("-", name) else broader
            found.append(Cutout(path, name, kind, "emoji", "emoji"))
    return found
