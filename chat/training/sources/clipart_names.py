"""The Open Clip Art drawings that are used: what each shows, as found by looking at every one.

The names began as the first words of the files' names, put from Italian and
French into English, kept where WordNet has them as concrete nouns; looking
then took out or renamed about one in three.
"""

from __future__ import annotations

# The broader word, then the names it is for; `+` stands for a space.
KINDS = """
animal: antelope armadillo baboon bat bear bird bull camel cat caterpillar cheetah chipmunk cow crayfish
animal: deer dinosaur dog dolphin echidna elephant fish fox frog giraffe goat hamster horse kangaroo kitten
animal: lion lizard monkey mouse orangutan orca pig rabbit raccoon ram rhino scorpion seal sheep snail spider
animal: squirrel tiger turtle wolf
ball: beach+ball pool+ball soccer+ball
bird: cormorant crow dove duck eagle flamingo hen owl penguin penguins puffin rooster seagull turkey
boat: sailboat
body part: brain ear eye eyes fist hand hands lips mouth skull teeth thumbs+up tooth
building: church cottage factory house hut igloo lighthouse
candy: candy+cane
clothing: bow+tie flip-flops hat mitten sneakers turban
dessert: birthday+cake cake cookie cupcake lollipop
device: calculator camera computer computer+mouse disc joystick keyboard laptop microphone mobile+phone
device: monitor printer stopwatch telephone telescope television video+camera
drink: beer cocktail coffee juice juice+box lemonade milk
fish: seahorse
flower: daffodil daisy lotus magnolia roses tulips
food: bacon bread burrito cheese corn+dog croissant french+fries fried+egg fried+eggs hamburger hot+dog
food: lasagna muffin onion+rings pancakes pie pizza potato+chips pretzel roast+turkey sandwich sausages soup
food: spaghetti steak toast waffle
fruit: apple apple+slice banana bananas cherry grapes lemon lemon+slice melon orange orange+slice peach pear
fruit: pineapple plum plums strawberry watermelon
furniture: chair
hat: baseball+cap chef+hat cowboy+hat fedora party+hat sombrero top+hat
insect: ant bee butterfly dragonfly fly grasshopper ladybug mantis mosquito wasp
musical instrument: cello flute french+horn guitar harp oboe piano piano+keys saxophone trumpet violin
musical instrument: xylophone
person: baby boy bride chef cyclist dancer diver doctor firefighter girl groom man nurse police+officer
person: runner sailor scientist woman
plant: bamboo clover fern flower flowers potted+plant reeds tree
sports equipment: tennis+racket
tent: tepee
tool: axe drill hammer paintbrush pliers screwdriver shovel trowel
toy: teddy+bear
tree: christmas+tree
truck: fire+truck
vegetable: chili+pepper corn garlic onion potato pumpkin tomatoes
vehicle: airplane bicycle boat bulldozer bus car jeep motorcycle train tram truck van wagon
weapon: bomb gun shield sword
"""

# By folder: a name, then the files that show it, without their suffix.
LISTED = """
[animals]
armadillo: armadillo_architetto_fra_01; bat: bat_orlando_karam_; crayfish: crawfish1_bw_ganson
crawfish1_ganson crawfish2_bw_ganson crawfish2_ganson; frog: rana01_architetto_france_01
rana02_architetto_france_01 rana03_architetto_france_01 rana_architetto_francesc_01
red-eye_frog_mirko_maisc_01; lizard: lizard_guillaume_boitel_ lucertola_architetto_fra_01
lucertola_maya_architett_01 lucertolona_architetto_f_01 lucertolone_architetto_f_01
ramarro_architetto_franc_01; monkey: sailor_monkey_nicu_bucul_01; padlock: lucchetto_grigio_archite_01
lucchetto_ottone_archite_01; penguin: pinguino_col_piccolo_arc_01 tux_head_fco._andrade_01; scorpion:
scorpion-md-v0.1; turtle: turtle_jurgen_gaeremyn_01
[animals/birds]
bat: contour_bat; bird: bird_of_peace_mauro_oliv_01 uccello_bianco_e_nero_ar_01 uccello_profilo_01_archi_01
uccello_profilo_02_archi_01; cormorant: cormorant-md; crow: crow_01; dove: dove_symbol; duck:
duck_yellow_kurt_cagle_; eagle: acquila_architetto_franc_02 acquila_architetto_franc_03 eagle_01;
flamingo: flamand_bw_jean-victor_b_01 flamand_jean-victor_bali_01; hen: hen_01; owl:
gufo_civetta_architetto__01 owl_on_branch_ganson; penguin: baby_tux_01 baby_tux_rory_mccann_01
emperor_penguin_ralf_ste_01 new_penguin_charles_mcco_01 ninja_tux_rory_mccann_01; puffin: puffin-md;
roast+turkey: turkey_on_platter_01; rooster: gallo_di_profilo_archite_01 rooster_01; seagull:
gabbiano_architetto_fran_01 gull_marcelo_staudt_01 seagull_contour_nicu_buc_01 seagull_nicu_buculei_01;
turkey: pollo_architetto_frances_01 tacchino_architetto_fran_01; wing: wing_mitchell_johnson_si_
[animals/birds/penguin]
penguin: plush_tux_anita_01 tux_clemente_01
[animals/bugs]
ant: ant formichina_architetto_fr_01 formicona_architetto_fra_01; bee: abeille_tanguy_jacq_01 bee
bee1_mimooh_01 bee2_mimooh_01 bee3_mimooh_01; butterfly: butterfly_from_star_thom_01
butterfly_jonathan_dietr_01 butterfly_jonvdveen_01 farfalla_butterfly_fra1 farfalla_contorno_archit_01
farfalla_semplice_archit_01 farfalla_stilizzata_arch_01; caterpillar: caterpillar_david_wislon_01;
dragonfly: damselfly_leigh_purdie_r libellula_architetto_fra_01 libellule_tanguy_jacq_01; fly: fly_01;
grasshopper: cavalletta_architetto_fr_01 grass_hopper_02; ladybug: bug_nicu_buculei_01
coccinella_architetto_fr_01 coccinella_rollandin_arc_01 coccinelle_tanguy_jacq_01
coccinellona_architetto__01 ladybug_01 ladybug_02; mantis: mante_religieuse_01
mantide_religiosa_archit_01; mosquito: moschito_architetto_fran_01 moschito_stecchito_archi_01
zanzara_architetto_franc_01; snail: lumaca_architetto_france_01 lumaca_turbo_architetto__01; spider:
ragnetto_incazzato_archi_01 spider; wasp: flying_wasp_gerald_g._01 flying_wasp_gerald_g._02
[animals/dinosaurs]
dinosaur: dino_architetto_francesc_01 dino_architetto_francesc_02 dino_architetto_francesc_03
dino_architetto_francesc_04 dino_architetto_francesc_05 dino_architetto_francesc_06
dino_architetto_francesc_07 dino_architetto_francesc_08 dino_architetto_francesc_09
dino_architetto_francesc_10 dinosauro_architetto_fra_01 dinosauro_architetto_fra_02
dinosauro_architetto_fra_03
[animals/fish]
dolphin: dolphin dolphin_enrique_meza_c_01 dolphin_enrique_meza_c_02; fish: brown_fish_01 clown_loach_01
giraffe_cichlid_01 pescetto_arancione_archi_01; orca: orca_matthew_gates_r; seahorse: seahorse
[animals/mammals]
antelope: antilope_architetto_fran_01; baboon: contour_baboon; bull: bull_utrescu_; camel: camel_head_01
contour_camel; cat: cartoon_cat_gerald_g._01 cartoon_cat_gerald_g._02; chipmunk: contour_chipmunk;
cow: vacca_pezzata_rossa_val_01; deer: deer_matt_todd_01 fawn_mo_01; dog: dog_01_drawn_with_strai_01
dog_01_drawn_with_strai_03 dog_03_drawn_with_strai_01 dog_03_drawn_with_strai_02
dog_04_drawn_with_strai_01 dog_04_drawn_with_strai_02 dog_05_drawn_with_strai_01
dog_05_drawn_with_strai_02 dog_06_drawn_with_strai_01 dog_06_drawn_with_strai_02
dog_on_leash_gerald_g._01 dog_on_leash_gerald_g._02; echidna: echidna_01; elephant: contour_elephant
elefante01_architetto_fr_01 elefante02_architetto_fr_01 elephant_01; fox: contour_fox; giraffe:
contour_giraffe; goat: goat_nicu_buculei_01; hamster: contour_hamster; kangaroo:
canguro_architetto_franc_01 contour_kangaroo; monkey: angry_monkey_benji_park_01
happy_monkey_benji_park_01 monkey_head_nicu_buculei_01; mouse: topo_architetto_francesc_01; orangutan:
contour_orangutan; pig: a_simple_pig_01 pig_marcelo_caiafa1; rabbit: coniglio_architetto_fran_01;
raccoon: raccoon_ganson; ram: dall_sheep_ram_ganson; rhino: rhinoceros_3d_architetto_01
rhinoceros_architetto_fr_01; seal: seal; sheep: pecora_architetto_france_01 sheep-md-v0.1; squirrel:
cartoon_squirrel_mike_sm1; wolf: simple_stylized_wolf_he_01 stylized_wolf_head_geral_01
[animals/mammals/bears]
bear: bear_peterm_01 orso_architetto_francesc_01 orso_architetto_francesc_02 orso_architetto_francesc_03
orso_architetto_francesc_04 ours_etienne_bersac_r
[animals/mammals/big_cats]
cheetah: contour_cheetah; lion: leone_01_architetto_fran_01 leone_02_architetto_fran_01
leone_architetto_frances_01; tiger: b_w_tiger_susan_park_01 color_tiger_susan_park_01
tiger_graig_ryan_smith_-_01 tigre01_architetto_franc_01 tigre02_architetto_franc_01
tigre03_architetto_franc_01 tigre04_architetto_franc_01 tigre05_architetto_franc_01
[animals/mammals/dogs]
dog: beagle_copper_ganson bored_dog_01 dog_head_nicu_buculei_01 dog_head_nicu_buculei_02
[animals/mammals/horses]
horse: cavallo_architetto_franc_01 cavallo_architetto_franc_02 cavallo_architetto_franc_03
cavallo_architetto_franc_04 cavallo_architetto_franc_05 cavallo_architetto_franc_06
cavallo_architetto_franc_07
[animals/mammals/housecats]
cat: gattina_cat_architetto_f_01 gatto_cat_architetto_fra_01 gatto_cat_architetto_fra_02
gatto_cat_architetto_fra_03 gatto_cat_architetto_fra_04 sleeping_cat_rgolan_sup_r
sleeping_cat_ron_golan_01; kitten: kitten_gerald_g._01
[buildings]
brick: brick_frouke_01; church: church_building_01_01; factory: factory_gabrielle_nowick_; wall: wall
wall1
[buildings/furniture]
barrel: wooden_barrel_petri_lumm_01; chair: poltrona_ufficio_archite_01 sedia_in_legno_architett_01;
television: television_peterm_
[buildings/homes]
building: big_house_01 home1; cottage: home12; house: casa_dei_sogni_architett_01
casa_verde_architetto_fr_01 home0 home14 home2 home3 home4 home5 home6 home7 home9 house
house_christoph_brill_01 house_fudriot_omic.ch_01 house_gabrielle_nowicki_ house_juliane_krug_01
my_house_01 small_house_01; hut: home15; igloo: home10; lighthouse: lighthouse_matthew_gates_; tent:
home13 home8; tepee: home11
[computer/hardware]
camera: digital-camera_aj_ashton_01 digital_camera_nicu_bucu_01; computer: computer-aj_aj_ashton_01
computer computer1 computer2 tower workstation_01 workstation_hash_0x89c79_01; computer+mouse: mouse
mouse2 mouse_scroll_fco._andrad_01; joystick: joystick_atari_style_da_r joystick_beige_gray_petr_01
joystick_black_red_petri_01; keyboard: Computer-Keyboardlayout-de computer_keyboard_01 keyboard
keyboard_01; laptop: laptop; monitor: lcd_monitor_shandy_brown_ lcd_monitor_the_structor_ monitor
schermo_macintosh_archit_01; printer: printer printer_anton_yu_01 printer_nicu_buculei_01
stampante_architetto_fra_01
[containers]
bag: borsa_estiva_architetto__01; basket: cesto_architetto_frances_01; box: box_juliane_krug_s
cardboard_box_jarno_vasa_ closed_box_juliane_krug_ closed_box_juliane_krug_r open_box_juliane_krug_r;
suitcase: valigie_bags_architetto__01
[education]
calculator: simple_calculator_01; crayon: crayon; folder: blue_folder_seth_yastrov_01; palette: paint;
paper+clip: paperclip; pen: pen_01 pen_uliphant_01; pencil: pencil_01 pencil_benji_park_01; scissors:
scissors scissors_02 scissors_03
[education/books]
book: book_01 book_02 closed_book_01 old_book_lumen_design_st_01 open_book_nae_02 paperback_book_black_gal_
; books: books-aj.svg_aj_ashton_01; newspaper: newspaper_aubanel_monnie_01 newspaper_nicu_buculei_01
[electronics]
camera: camera_icon_stuart_moore_01 camera_michael_tunniclif_01; disc: compact_disc; satellite+dish:
satellite_dish_ali_hussn_01; television: television_alexander_d.__01; video+camera:
camcorder_jaime_sanchez1
[food]
apple: apple_bitten_dan_gerhard_01 apple_with_worm_dan_gerh_01; bowl: bowl_chaspo_ bowl_of_steaming_soup_01
; burrito: burrito_bw_ganson burrito_ganson; chef: chef_jarno_vasamaa_; chef+hat: toque_01;
french+fries: french_fries_juliane_kr_r fries_bw fries_ganson; honeycomb: honey; lasagna: lasagna_bw
lasagna_ganson; mushroom: champignon_01; onion+rings: onion_rings onion_rings_bw; pizza:
pizza_4_stagioni_archite_01 pizza_cheese pizza_cheese_bw pizza_pepperoni pizza_pepperoni_bw
pizza_rectangular__geral_01 pizza_slice_01 pizza_slice_fco._andrade_01; plate: large_plate
large_plate_bw small_plate small_plate_bw; pumpkin: pumpkin2_yemu_01 pumpkin_erik_postma_01
zucca_architetto_frances_01; sandwich: sandwich_one_bw_jean-vic_01 sandwich_one_jean-victor_01
submarine_sandwich_01; soup: soup_jarno_vasamaa_; spaghetti: spaghetti_bw spaghetti_ganson; tomatoes:
pomodori_architetto_fran_01
[food/beverages]
baby+bottle: baby_bottle_01 flower-pot_01 flower-pot_02; coffee: coffee; cup: cuppa_schwoo_01; glass:
drinking_glass_with_red_punch_01; ice+cube: ice_cube_jarno_vasamaa_; juice+box: apple_juice_box
apple_juice_box_bw orange_juice_box orange_juice_box_bw; lemonade: lemonade; milk: milk_bw
milk_carton_jarno_vasama_ milk_ganson; mug: coffee_bw_ganson coffee_ganson; soda+can: pop_can
pop_can_bw; teapot: teapot_ganson teiera_tazza_architetto__01
[food/beverages/alcohol]
beer: beer beer1; cocktail: cocktail_daniel_steele_r martini_glass_k_yager_01 martini_glass_k_yager_02;
wine+glass: wine_glass_christian_h._
[food/breads_and_carbs]
bread: bread bread_01; croissant: croissant_01 croissant_b_amp_w__geral_01 croissant_gerald_g._01; muffin:
muffin1 muffin1_bw muffin2 muffin2_bw muffin3_bw muffin_3; pancakes: pancake pancake_bw
pancakes_berries pancakes_berries_bw pancakes_bw pancakes_ganson; potato: potato_nicu_buculei_
potato_nicu_buculei_01; potato+chips: potato_chips potato_chips_bw; pretzel: pretzel_01; toast:
garlic_toast garlic_toast_bw
[food/dairy]
cheese: cheese_01
[food/desserts]
birthday+cake: birthday_cake; cake: cake1_jarno_vasamaa_01 cake_etienne_bersac_r cake_jarno_vasamaa_r
gateau_jean_victor_balin_ pink_cake_gabrielle_now_r torta_architetto_frances_01; candy: candy_01
candy_02; candy+cane: candy_10; cookie: crazy_cookie_dave_pena_01; cupcake: muffin_jean_victor_balin_
; lollipop: candy_20 candy_21 candy_22 candy_30 candy_31 lollipop_dave_pena_01 lollipop_dave_pena_02;
pie: pie_apple pie_apple_bw pie_cherry pie_cherry_bw pie_pumpkin pie_pumpkin_bw; waffle:
gauffre_au_chocolat_01
[food/fruit]
apple: an_apple_01 another_apple_01 apple apple_bw apple_martin_schmidt-li_01r cartoon_apple_k_yager_01;
apple+core: apple_core_01; apple+slice: apple_wedge apple_wedge_bw; banana: banana; bananas:
bananas_nicu_buculei_01; cherry: cherry_jean_victor_balin_ cherry_jonathan_dietrich_01; grapes:
grape_01; juice: juice_glass_andremarcel._01; lemon: lemon lemon_half_ganson lemon_simple
lemon_simple_bw lemon_whole_ganson; lemon+slice: lemon1 lemon_half_slice_ganson lemon_slice_ganson
lemon_wedge_ganson; melon: melon_goneri_le_bouder_01; orange: orange orange_simple; orange+slice:
orange_wedge orange_wedge_bw; peach: peach_simple peach_simple_bw pesca_architetto_frances_01; pear:
green_pear_01 pear pear_01 pear_02 pear_simple pear_simple_bw pera_architetto_francesc_01; pineapple:
pineapple; plum: prune; plums: la_prugna_architetto_fra_01; roast+turkey:
turkey_platter_01_with_fruit_and_vegitables_01; strawberry: strawberry strawberry_01
strawberry_jonathan_diet_01 strawberry_simple strawberry_simple_bw; tree: tree_whit_fruits_01;
watermelon: pasteque_01 watermelon_james_kilfige_01 watermelon_simple watermelon_simple_bw
[food/meats_and_eggs]
bacon: bacon_01 bacon_bw_ganson bacon_ganson; corn+dog: corn_dog corn_dog_bw; egg:
half_egg_jean-victor_bal_01; fried+egg: fried_egg fried_egg_bw; fried+eggs: fried_eggs fried_eggs_bw;
frying+pan: frying_pan_padella_in_i_03; hamburger: burger_http_www.treebui_r burger_http_www.treebuil_
chicken_burger chicken_burger_bw hamburger_bw hamburger_ganson; hot+dog: hot_dog hot_dog_bw
hot_dog_juliane_krug_r; sandwich: egg_muffin; sausages: breakfast_sausage breakfast_sausage_bw;
steak: steak-v0.1
[food/vegetables]
chili+pepper: cayenne_pepper_1_simple_01; corn: corn_cob corn_cob_bw; garlic: aglio_architetto_frances_01
; onion: onion_joerg_rosenbauer_01
[office]
box: box_with_folders_nicu_bu_01 open_box_nicu_buculei_01; calculator: calculator; clipboard: clipboard_01
; cross: cross_hand_drawn_linda_k_01 cross_hand_drawn_linda_k_02; cup: cup_rollandin_francesco_;
desk+lamp: desk_lamp_gerald_g._01; envelope: envelope_01 envelope_juliane_krug_01; eraser: eraser;
feather: feather; folder: folder1 folder2 folder_01 folder_icon_01; hourglass:
clessidra_architetto_fra_01; light+bulb: lamp_sergio_luiz_araujo__01; magnifying+glass:
lens_lente_francesco_ro_r magnifying_glass_01 magnifying_glass_olivier_01 magnifying_glass_teudimu_01;
mailbox: mailbox1 mailbox2 mailbox3; megaphone: megaphone_nicu_buculei_01; notebook:
folder_juliane_krug_01; paper+clip: clips_architetto_frances_01; pen: ballpoint_pen_jonathan_d_01
pen_sek_; pencil: pencil_jonathan_dietrich_01; printer: printer1; pushpin: pin_-_blue_nicu_buculei_01
pin_-_green_nicu_buculei_01 pin_-_yellow_nicu_bucule_01 pin_-red_nicu_buculei_01; scissors: scissors_01
scissors_forbici_franc_; telephone: phone_sergio_luiz_araujo_01
[office/telephone]
mobile+phone: cellular_phone_shandy_br_; telephone: phone red_telephone_mimooh_01
[people]
alien: alien_peterm_01; baby: baby_anthony_liekens_01; boy: boy_astrid_graeber_ kid_01; bride:
bride1_jarno_vasamaa_01; dancer: ballerina_architetto_fra_01; diver: sub_subacqueo_architetto_01;
doctor: woman_doctor_gerald_g._01; eye: blue_eye_alex_fernandez_01 woman_eye_lumen_design_s_01; eyes:
eyes_lumen_design_studio_01 woman_eyes_lumen_design__01; fire+truck: fire_engine_mimooh_01;
firefighter: fireman_alarm_mimooh_01; girl: blue_girl_dirk_struve_; groom: groom1_jarno_vasamaa_01;
man: head1 head2 head3 head4 head5 head6 man01 man02 man_01 man_02 man_crystal_felipe_macie_01
man_face_darek_adamkiewi_01 man_in_chair_-_thinking_01; nurse: woman_nurse_gerald_g._01;
police+officer: woman_police_01_gerald_g_01 woman_police_02_gerald_g_01; runner:
runner_simple_with_wake_marks_01; safety+pin: safety_pin_timothy_whit_r; sailor:
sailor_nicu_buculei_01; scientist: woman_chemist_gerald_g._01; skull: skull_charles_mccolm_01; woman:
happy_woman_dirk_struve_01 head11 head12 head13 my_lovely_baby_enrique_m_01 my_lovely_baby_enrique_m_02
woman01 woman02 woman_01 woman_fashion_01_gerald__01 woman_fashion_02_gerald__01
woman_reading_gerald_g._01
[people/bodypart]
brain: brain_jon_phillips_01 brain_jon_phillips_02 brain_jon_phillips_03; ear: ear_-_body_part_nicu_buc_01
; eye: blue_eye_kilian_valkhof_ eye_nicu_buculei_ iris_and_pupil_chris_hin_01; footprint:
left_foot_print_benji_pa_01 left_foot_print_benji_pa_02; hand: hand_dennis_rutjes_01
reminder-hand_benji_park_01; handprint: left_hand_print_benji_pa_01 right_hand_print_benji_p_01;
hands: hands_lorenzo_luengo_01; lips: lips_mo_01; mouth: mouth_-_body_part_nicu_b_01
mouth_-_body_part_nicu_b_02 mouth_-_body_part_nicu_b_04 mouth_-_body_part_nicu_b_05
mouth_-_body_part_nicu_b_06; teeth: mouth_-_body_part_nicu_b_03; thumbs+up: thumbs_up_nathan_eady_01;
tooth: dente_architetto_frances_01
[people/clothing]
bow+tie: tie_-_clothing_nicu_bucu_01; earring: earring_frouke_01; flip-flops: thongs_01; hat:
adventurer_hat_nicu_bucu_01; mitten: mitten_nathan_eady_01; sneakers: tennis_shoe_jarno_vasama_
tennis_shoes_jarno_vasam_; sunglasses: sunglasses_01; turban: turban_jure_kodzoman_
[people/clothing/hats]
baseball+cap: baseball_cap_bw_ganson baseball_cap_ganson hat_-_clothing_nicu_bucu_02; cowboy+hat:
hat_-_clothing_nicu_bucu_01; crown: simple_crown_with_one_r_01 simple_crown_with_three_01; fedora:
blue_fedora red_fedora; hat: aussie_hat_01 hat_-_clothing_nicu_bucu_04 pimp_hat_james_birkett_01
propeller purple_hat_nicu_buculei_01 slouch_hat_01; party+hat: hat_01 hat_02; sombrero:
sombrero_dave_pena_01; top+hat: hat_-_clothing_nicu_bucu_03 hat_-_clothing_nicu_bucu_05
[people/clothing/jewelry]
wedding+rings: wedding_rings_jarno_vas1 wedding_rings_jarno_vas_
[plants]
acorn: acorn_jonathan_dietrich_01; bamboo: bamboo_danny_allen_r; clover: shamrock_for_march_natha_01
shamrock_symbol_jonadab__01; daffodil: daffodil_jonathan_dietri_01; leaf: leaf_01; mushroom: mushroom
mushroom_benji_park_ toadstool_daniel_steele_r; reeds: reed_gmv_; tree: albero_architetto_france_01
tree_branches_and_roots_01
[plants/flowers]
daffodil: daffodil_susan_park_01; daisy: daisy_jonathan_dietrich_01; flower: fiore_01 fiore_02
flower1_juliane_krug_01 flower2_juliane_krug_01 flower_01 flower_02 flower_03 flower_peterm_01
red_flower_01 red_flower_03 red_flower_raphael_seban_01; flowers: flowers_jonathan_dietric_01; lotus:
lotas_yogesh_kanitkar_01; magnolia: magnolia_white_patricia__01; potted+plant: geranium_ganson; tree:
cartoon_tree_01; tulips: tulips_ganson
[plants/trees]
christmas+tree: christmas_tree_mo_01; fern: fern_mo_01
[plants/trees/evergreen]
christmas+tree: christmas_tree_01 christmas_tree_02; tree: plain_tree_01
simple_evergreen_with_highlights_01 tree tree_02
[recreation]
dartboard: dartboard_ruud_steltenpo_01; die: dice; roller+skate: rollerblades; scuba+tank: scuba_tank_01
; sled: sledge_01; yarn: knitting knitting_01
[recreation/games]
pool+ball: 8_ball_jarno_vasamaa 9_ball_jarno_vasamaa; pool+balls: 8ball_form_jarno_vasama
9ball_form_jarno_vasama
[recreation/games/chess]
chess+board: chess_game_01
[recreation/holiday]
snowman: snowman_01
[recreation/holiday/christmas]
wreath: evergreen_wreath_with_large_holly_01 wreath_of_evergreen_with_red_berries_01
[recreation/holiday/valentines]
heart: hearth_christoph_brill_01
[recreation/music]
cello: cello_ganson cello_mo_01 cello_mo_02; flute: flute_ganson; french+horn: french_horn_ganson;
gramophone: gramophone; guitar: bass_guitar_a.j._ashton_ electric_guitar_andrea__01r guitar_ganson
guitar_jarno_vasamaa1 guitar_jarno_vasamaa2 guitar_profile_philippe__01; harp: harp1_ganson
harp2_ganson harp_mo_01; microphone: microphone_stand_gerald__01; musical+note:
musical_note_1_dennis_bo_01 musical_note_2_dennis_bo_01 musical_note_3_dennis_bo_01
musical_note_nicu_bucule_01; oboe: oboe_ganson; piano: piano_geraint_luff_01; piano+keys:
piano_keys_jonathan_diet_01; saxophone: saxophone_jarno_vasamaa_; trumpet: trumpet_b_flat__ganson
trumpet_b_flat_colour_ganso trumpet_pocket__ganson trumpet_pocket_colour_ganso; violin:
violin_colour_ganson violin_ganson; xylophone: xylophone_ganson
[recreation/party]
balloon: balloon-black-aj balloon-blue-aj balloon-green-aj balloon-orange-aj balloon-purple-aj
balloon-red-aj balloon-white-aj balloon-yellow-aj baloon1_01 baloon1_02 baloon1_03 baloon1_04 baloon1_05
baloon2_01 baloon2_02 baloon2_03 baloon2_04 baloon2_05; balloons: balloons-aj balloons_01; dancer:
dancer_brice_boyer_01
[recreation/sports]
badminton+racket: badminton_racket_brice_b_01; ball: handball_ball_brice_boye_01; baseball+bat:
baseball_bat_bw_ganson baseball_bat_ganson; baseball+glove: baseball_glove_bw_ganson
baseball_glove_ganson; binoculars: binoculars_vladimir_hern_01; cricket+bat: cricket_bat_01; helmet:
football_helmet_gerald_g_01; pool+ball: 8ball_nicu_buculei_01; soccer+ball: soccer_ball_ganson;
stopwatch: cronometro_mauro_olivo_01 cronometro_mauro_olivo_02 cronometro_mauro_olivo_03;
tennis+racket: tennis_racket_01
[recreation/toys]
ball: ball; beach+ball: beach_ball_01 beachball_v0.1; boomerang: boomerang_01; paper+airplane:
toy_paper_plane_01; robot: robot_ganson; surfboard: surfboard_davek_01; teddy+bear:
simple_teddy_bear_gerald_01 simple_teddy_bear_with__01 stylized_teddy_bear_gera_01
stylized_teddy_bear_wit_01 stylized_teddy_bear_wit_02; train: kiddy_train_orlando_kara_; wagon:
wagon_01
[signs_and_symbols/clocks]
alarm+clock: alarm_clock_gerald_g._01 alarm_clock_gerald_g._02 alarm_clock_mike_powers_; clock:
analog_clock_jonathan_di_01 clock01 clock02 clock03 clock04 clock05 clock06 clock07 clock08 clock09
clock10 clock11 clock12 clock_michael_breuer_01 clock_michael_breuer_02 clock_michael_breuer_03
clock_michael_breuer_04 modern_clock_chris_kemps_01; hourglass: sandglass_vermin_
[tools]
anvil: blacksmith_anvil_ganson; axe: axe_peterm_; bottle: bottle_jean_victor_balin_; broom:
broom_nicu_buculei_01; brush: scrub_brush_michael_moor_; drill: drill_peterm_; frying+pan:
pan_frouke_01; gear: cog_01; hammer: blacksmith_hammer_ganson construction_hammer_jon__01
hammer_nicu_buculei_01 hammer_peterm1; ironing+board: ironing_board_gerald_g._01
ironing_board_gerald_g._02; key: chiave_architetto_france_01; lantern: hurricane_lamp_ganson;
lighter: green_burner_01 orange_burner_01; magnifying+glass: mag1 mag2 mag3 mag4
magnifying_glass_tom_kra_; padlock: lock lock_-_open_afief_halumi_01 padlock_aj_ashton_01;
paint+roller: paint_roller_gerald_g._01; paintbrush: paint_brush_costea_bogda_01; pliers:
nail_puller_peterm_ tool; screwdriver: screwdriver_peterm_; shovel: simple_shovel_jeff_simps_01;
telescope: telescope_01; thermometer: thermometer_www.jonasste_01; tools: tools_nicu_buculei_01;
toothbrush: toothbrush_and_paste_ganson; trowel: trowel_benji_park_01; umbrella: umbrella;
vacuum+cleaner: blue_vacuum_cleaner_jaim_01 vacuum_cleaner_mariusz_k_01
[tools/weapons]
bomb: bomb_01; gun: blue_gun_alex_fernandez_01; knife: knife; shield: shield_matt_todd_01
shield_matt_todd_02; sword: spider_sword_celso_junio_01 sword_01
[transportation]
airplane: plane_in_the_sky_mo_01; anchor: anchor anchor_juliane_krug_01; bicycle: bike_tobias_jakobs_;
bus: bus1_bw_jarno_vasamaa_01 bus1_jarno_vasamaa_01 bus2_bw_jarno_vasamaa_01 bus2_jarno_vasamaa_01;
car: blazer_01 car_jamin_ellis_ old_car_lumen_design_st_r road_runner_ganson; jeep: hummer_01 hummer_02
hummer_03 hummer_05 hummer_07; motorcycle: motorcycle_jarno_vasama_; street+sign:
street_sign_gerald_g._01; tram: tramway_lumen_design_stu_01; truck: big_truck_01
old_truck_indana_model__01 truck_jarno_vasamaa1 truck_jarno_vasamaa_; van: small_truck_steffen_gluc_01

[transportation/boating]
sailboat: boat_jarno_vasamaa1 boat_jarno_vasamaa_ sailboat_illustration
[transportation/vehicles]
airplane: aircraft_jarno_vasamaa1 aircraft_jarno_vasamaa2 aircraft_jarno_vasamaa3 aircraft_jarno_vasamaa4
aircraft_jarno_vasamaa_ airplane_nicu_buculei_01 plane_silhouet_mo_01; bicycle: bicycle_01; boat:
trawler_01; bus: bus_symbol_black_01; car: car; cyclist: bicicletta_cycle_archite_01; lighthouse:
lighthouse_01; rocket: rocket
[transportation/vehicles/hummers]
jeep: hummer_04 hummer_06
[unsorted]
bulldozer: caterpillar; elephant: elefante_in_corsa; fish: pescetto; fist: rock_RPSWB; igloo: igloo;
penguin: Pinguino1 Pinguino2 Pinguino4; penguins: Pinguino3; roast+turkey: Tacchino_di_Natale; rocks:
stones_01; roses: rose; seagull: gabbiano_piccolo; ticket: generic_ticket_ryan_phil_01; woman:
signorina_in_viola
"""
