"""The words the offline provider knows: tables only. Floor 4.

Each table maps our name to the words that mean it. Plurals are left out: the reader knows them.
Mostly English, with the commonest words of a few other languages.
"""

from collections.abc import Mapping

RGB = tuple[int, int, int]

SUBJECTS: Mapping[str, str] = {
    "lighthouse": "lighthouse, beacon, leuchtturm, phare, faro",
    "sailboat": "sailboat, sailing boat, sailing ship, yacht, schooner, galleon, segelboot, voilier",
    "boat": "boat, rowboat, rowing boat, canoe, gondola, dinghy, kayak, fishing boat, bateau, barco",
    "ship": "ship, steamer, steamship, freighter, ferry, cargo ship, ocean liner, schiff",
    "blossom": "cherry tree, cherry blossom, blossoming tree, sakura, almond tree, apple tree",
    "tree": "tree, oak, maple, willow, birch, baum, bäume, arbre, árbol",
    "pine": "pine, pine tree, fir, fir tree, spruce, conifer, evergreen, christmas tree",
    "palm": "palm tree, palm, coconut tree",
    "cactus": "cactus, saguaro",
    "house": "house, cottage, cabin, hut, farmhouse, barn, haus, maison, casa, home, log cabin",
    "village": "village, hamlet, town, dorf, pueblo",
    "castle": "castle, fortress, palace, citadel, tower, burg, schloss, château, castillo",
    "temple": "temple, pagoda, shrine",
    "bridge": "bridge, viaduct, aqueduct, brücke, pont, puente",
    "windmill": "windmill, mill, windmühle, moulin",
    "sun": "sun, sonne, soleil",
    "moon": "moon, full moon, crescent, crescent moon, moonlight, moonlit, moonrise, mond, lune, luna",
    "cat": "cat, kitten, kitty, tabby, katze, gato, tiger, lion, lioness, leopard, cheetah, panther, "
    "jaguar, lynx",
    "dog": "dog, puppy, hound, corgi, husky, terrier, hund, perro, chien, wolf, coyote, jackal",
    "fox": "fox, vixen, fuchs, renard, zorro",
    "rabbit": "rabbit, bunny, hare, hase, lapin",
    "bear": "bear, polar bear, grizzly, bär, panda",
    "deer": "deer, stag, elk, moose, reindeer, hirsch, cerf",
    "horse": "horse, pony, stallion, mare, unicorn, zebra, donkey, foal, pferd, cheval, caballo",
    "elephant": "elephant, elefant, elefante, mammoth",
    "bird": "bird, gull, seagull, sparrow, swallow, crow, raven, eagle, dove, goose, heron, flock, "
    "vogel, oiseau, pájaro",
    "owl": "owl, barn owl, eule, hibou",
    "fish": "fish, koi, goldfish, shoal, fisch, poisson",
    "whale": "whale, humpback, orca, wal, baleine, ballena",
    "flower": "flower, roses, red rose, white rose, rose garden, tulip, poppy, daisy, lily, wildflower, bouquet, blume, fleur, flor, lavender field, field of lavender",
    "sunflower": "sunflower, sonnenblume, tournesol, girasol",
    "mushroom": "mushroom, toadstool, fungus, pilz, champignon",
    "butterfly": "butterfly, moth, schmetterling, papillon, mariposa",
    "robot": "robot, android, droid, automaton, roboter",
    "astronaut": "astronaut, cosmonaut, spaceman",
    "person": "person, woman, man, girl, boy, child, figure, traveller, traveler, wanderer, hiker, "
    "fisherman, gardener, farmer, monk, knight, wizard, witch, dancer, king, queen, princess, lady, "
    "kid, painter, chef, sailor, pilot, samurai, ninja, warrior, soldier, viking, family, crowd, "
    "grandmother, grandma, granny, grandfather, grandpa, mother, father, mum, mom, dad, sister, "
    "brother, baby, lover, friend, prince, musician, singer, violinist, pianist, teacher, student, "
    "doctor, nurse, scientist, baker, pirate, cowboy, shepherd, athlete, player, surfer, skier, "
    "ballerina, clown, artist, writer, poet, frau, mann, femme, homme, mujer, hombre",
    "balloon": "hot air balloon, air balloon, balloon, heißluftballon, montgolfière",
    "rocket": "rocket, spaceship, spacecraft, space shuttle, starship, rakete, fusée, cohete",
    "planet": "planet, saturn, mars, jupiter, venus, planet earth",
    "car": "car, automobile, taxi, van, truck, auto, voiture, coche",
    "train": "train, locomotive, tram, railway, steam train, zug, tren",
    "bicycle": "bicycle, bike, cyclist, fahrrad, vélo, bicicleta",
    "airplane": "airplane, aeroplane, plane, biplane, jet, aircraft, flugzeug, avion",
    "umbrella": "umbrella, parasol, regenschirm, parapluie, paraguas",
    "teapot": "teapot, tea pot, kettle, teekanne, théière, tetera",
    "cup": "cup, mug, teacup, coffee, tea, espresso, latte, cup of coffee, cup of tea, tasse, kaffee, café",
    "book": "book, novel, notebook, buch, livre, libro",
    "lantern": "lantern, lamp, lamppost, street lamp, streetlight, candle, laterne, lanterne",
    "kite": "kite, drachen, cerf volant, cometa",
    "dragon": "dragon, wyvern, drache, dragón",
    "fruit": "fruit, apple, orange fruit, lemon, peach, cherry, pear, apfel, pomme, manzana",
    "clock": "clock, pocket watch, uhr, horloge, reloj",
    "crystal": "crystals, quartz, gem, gemstone, diamond, jewel",
}

ROLES = frozenset({
    "gardener", "farmer", "knight", "wizard", "witch", "dancer", "king", "queen", "painter", "chef",
    "sailor", "pilot", "monk", "child", "princess", "astronaut", "figure",
})  # fmt: skip
"""People's roles: behind another subject they say what it does, not that someone else is there."""

PLACES: Mapping[str, str] = {
    "sea": "sea, ocean, wave, harbour, harbor, coast, bay, atlantic, pacific, meer, mer, mar, surf, "
    "port, tide, at sea, rough sea",
    "beach": "beach, shore, seaside, seashore, sandy shore, strand, plage, playa, lagoon",
    "island": "island, isle, islet, insel, île, isla",
    "lake": "lake, pond, lac, lago, fjord, reservoir, loch",
    "river": "river, canal, stream, creek, brook, fluss, fleuve, río, amsterdam, venice",
    "desert": "desert, dune, sahara, canyon, mesa, wüste, désert, desierto",
    "mountain": "mountain, mountain range, peak, alps, summit, cliff, berg, montagne, montaña, mount, "
    "everest, volcano, fuji, fjord, himalaya, mountainside, mountaintop",
    "hills": "hill, hillside, hilltop, valley, countryside, vineyard, hügel, colline",
    "forest": "forest, woods, woodland, jungle, grove, rainforest, rain forest, wald, forêt, bosque, selva",
    "city": "city, venice, amsterdam, skyline, street, downtown, metropolis, skyscraper, cityscape, tokyo, new york, "
    "london, paris, manhattan, cyberpunk, stadt, ville, ciudad, alley, rooftop, urban",
    "meadow": "meadow, field, lavender field, field of lavender, garden, grass, prairie, park, farm, pasture, orchard, wiese, jardin, "
    "garten, jardín, grassland, lawn, steppe, savanna, savannah",
    "snow": "snow, snowy, ice, icy, arctic, antarctic, glacier, frozen, iceberg, schnee, neige, nieve, tundra",
    "table": "table, tabletop, kitchen, room, interior, desk, indoors, windowsill, breakfast, still life, "
    "bakery, library, living room, bedroom, tisch, workshop",
    "space": "in space, outer space, deep space, space station, cosmos, cosmic, orbit, galaxy, nebula, universe, interstellar, milky way",
    "mars": "on mars, martian",
    "underwater": "underwater, under water, coral reef, reef, corals, seabed, deep sea, aquarium",
}

LIGHTS: Mapping[str, str] = {
    "dawn": "dawn, sunrise, daybreak, first light, early morning, sunup, morgendämmerung, aube, amanecer",
    "morning": "morning, breakfast, morgen, matin, mañana",
    "day": "day, noon, midday, daylight, sunny, afternoon, sunlight, sunlit, sunshine, blue sky, bright day",
    "golden hour": "golden hour, late afternoon, low sun, warm evening light, magic hour",
    "dusk": "dusk, sunset, twilight, evening, sundown, blue hour, abend, crépuscule, atardecer, gloaming",
    "night": "night, midnight, nocturnal, nighttime, moonlight, moonlit, starry, starlight, nacht, nuit, "
    "noche, moon, full moon, stars, star, galaxy, nocturne, candlelit, milky way, crescent moon",
    "neon": "neon, cyberpunk, neon light, neon sign, vaporwave, synthwave",
}

WEATHERS: Mapping[str, str] = {
    "storm": "storm, stormy, thunder, thunderstorm, lightning, tempest, hurricane, sturm, tempête, "
    "tormenta, rough sea",
    "rain": "rain, rainy, drizzle, downpour, raining, puddle, regen, pluie, lluvia",
    "snowfall": "snowfall, snowing, blizzard, snowy, falling snow, snowflake, snowstorm, snow",
    "fog": "fog, foggy, mist, misty, haze, hazy, nebel, brume, niebla",
    "clouds": "cloud, cloudy, overcast, wolke, nuage, nube",
    "rainbow": "rainbow, regenbogen, arcoíris",
    "aurora": "aurora, northern lights, polar lights, aurora borealis",
    "stars": "star, starry, starlight, starlit, constellation, milky way, galaxy",
    "wind": "wind, windy, breeze, breezy, gust",
}

SEASONS: Mapping[str, str] = {
    "spring": "spring, springtime, cherry blossom, blossoming, frühling, printemps, primavera",
    "summer": "summer, summery, sommer, été, verano",
    "autumn": "autumn, autumnal, fall leaves, fallen leaf, falling leaf, october, november, herbst, "
    "automne, otoño, halloween",
    "winter": "winter, wintry, christmas, december, snow, snowy, frozen, frosty, frost, hiver, invierno",
}

MOODS: Mapping[str, str] = {
    "cosy": "cosy, cozy, homely, snug, hygge, warm, inviting, gemütlich, candlelit",
    "calm": "calm, serene, peaceful, tranquil, quiet, gentle, zen, still, restful, soft, meditative",
    "dramatic": "dramatic, epic, intense, powerful, fierce, majestic, heroic, storm, stormy, thunder",
    "mysterious": "mysterious, eerie, spooky, haunted, enigmatic, gothic, ominous, dark, creepy, halloween",
    "joyful": "joyful, cheerful, happy, playful, festive, party, tada, fun, whimsical, celebration, lively",
    "melancholy": "melancholy, melancholic, lonely, sad, solitary, wistful, nostalgic, lone, abandoned",
    "dreamy": "dreamy, dream, surreal, magical, ethereal, fantasy, enchanted, fairy, fairytale, dreamlike",
    "energetic": "energetic, dynamic, electric, vibrant, wild, racing, neon, cyberpunk",
    "romantic": "romantic, love, tender, intimate",
}

STYLES: Mapping[str, str] = {
    "watercolour": "watercolour, watercolor, aquarelle, aquarell",
    "oil painting": "oil painting, oil on canvas, impasto, oils",
    "gouache painting": "gouache, gouache painting, tempera",
    "travel poster": "poster, travel poster, screen print, screenprint, serigraph, vintage poster",
    "minimalist": "minimalist, minimal, simple, flat design, flat",
    "storybook illustration": "children s book, childrens book, picture book, storybook, book illustration, book cover, "
    "children s book illustration, fairy tale, illustration, cartoon",
    "impressionist": "impressionist, impressionism, monet, plein air",
    "art deco": "art deco, deco",
    "ukiyo-e print": "ukiyo e, woodblock, woodblock print, hokusai, japanese print",
    "cinematic": "cinematic, film still, movie, photo, photograph, photorealistic, realistic, photography, "
    "depth of field, shallow depth of field",
    "retro": "retro, vintage, 70s, seventies, 80s, mid century",
    "anime": "anime, manga, ghibli",
    "ink drawing": "ink drawing, line art, pen and ink, sketch, drawing, etching, engraving",
}

COMPOSITIONS: Mapping[str, str] = {
    "close-up": "close up, closeup, macro, portrait, extreme close up",
    "wide view": "wide, wide view, wide shot, panorama, panoramic, vast, vista, wide angle, sweeping, distant",
    "centred": "centred, centered, symmetrical, symmetry, symmetric, in the middle, head on",
    "bird's-eye view": "bird s eye, birds eye, bird s eye view, birds eye view, aerial, aerial view, "
    "from above, top down, overhead, drone view",
    "low angle": "low angle, from below, worm s eye, worm s eye view, looking up, towering",
}

COLOURS: Mapping[str, RGB] = {
    "red": (206, 58, 48), "crimson": (165, 32, 54), "scarlet": (216, 55, 36), "maroon": (110, 32, 42),
    "vermilion": (222, 74, 45), "coral": (238, 122, 98), "salmon": (241, 150, 124),
    "pink": (240, 160, 178), "rosy": (220, 120, 138), "magenta": (198, 48, 132), "fuchsia": (210, 60, 150),
    "purple": (118, 70, 150), "violet": (122, 88, 178), "lavender": (182, 168, 216), "plum": (104, 52, 92),
    "indigo": (58, 60, 128), "navy": (28, 42, 84), "blue": (52, 110, 178), "azure": (74, 150, 214),
    "cobalt": (40, 84, 168), "teal": (32, 128, 130), "turquoise": (64, 178, 176), "cyan": (70, 198, 214),
    "aqua": (110, 204, 204), "mint": (160, 214, 182), "green": (82, 146, 84), "emerald": (30, 130, 92),
    "sage": (146, 164, 128), "olive": (122, 122, 62), "lime": (166, 200, 70), "yellow": (244, 200, 68),
    "gold": (222, 170, 62), "golden": (226, 176, 66), "amber": (240, 164, 50), "ochre": (204, 146, 60),
    "orange": (236, 126, 46), "copper": (184, 108, 68), "rust": (172, 78, 44), "terracotta": (204, 104, 74),
    "brown": (122, 82, 56), "sepia": (132, 100, 70), "beige": (222, 204, 172), "cream": (248, 238, 214),
    "ivory": (246, 240, 222), "white": (246, 244, 238), "silver": (186, 194, 200), "grey": (138, 144, 148),
    "slate": (92, 108, 124), "charcoal": (58, 62, 70), "black": (34, 34, 42),
}  # fmt: skip

PALETTE_WORDS: Mapping[str, tuple[str, ...]] = {
    "dawn": ("coral", "cream", "slate"), "morning": ("amber", "cream", "sage"),
    "day": ("azure", "cream", "green"), "golden hour": ("amber", "terracotta", "olive"),
    "dusk": ("indigo", "coral", "plum"), "night": ("navy", "slate", "amber"),
    "neon": ("indigo", "magenta", "cyan"), "storm": ("slate", "charcoal", "amber"),
}  # fmt: skip
"""The colours of each light in words."""

COLOUR_PHRASES: Mapping[str, str] = {
    "green": "forest green, grass green, leaf green",
    "teal": "sea green, ocean blue",
    "azure": "sky blue, ice blue",
    "navy": "midnight blue, night blue",
    "copper": "rose gold",
    "amber": "sunset orange",
    "mint": "sea foam, seafoam",
    "white": "snow white",
    "grey": "gray",
}
"""Colours of more than one word, which name no thing, and other spellings."""

NUMBERS: Mapping[str, int] = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "pair": 2,
    "couple": 2, "several": 0, "many": 0, "some": 0, "few": 3, "2": 2, "3": 3, "4": 4, "5": 5,
    "6": 6, "7": 7, "8": 8,
}  # fmt: skip
"""How many; 0 is many, without a number."""

SIGNS: Mapping[str, str] = {
    "猫": "subject:cat", "狗": "subject:dog", "犬": "subject:dog", "狐": "subject:fox",
    "鸟": "subject:bird", "鳥": "subject:bird", "鱼": "subject:fish", "魚": "subject:fish",
    "鲸": "subject:whale", "月": "subject:moon", "灯塔": "subject:lighthouse", "船": "subject:boat",
    "树": "subject:tree", "木": "subject:tree", "花": "subject:flower", "桜": "subject:blossom",
    "家": "subject:house", "房子": "subject:house", "城堡": "subject:castle", "城": "subject:castle",
    "桥": "subject:bridge", "橋": "subject:bridge", "机器人": "subject:robot",
    "ロボット": "subject:robot", "火箭": "subject:rocket", "太阳": "subject:sun",
    "龙": "subject:dragon", "竜": "subject:dragon", "书": "subject:book", "伞": "subject:umbrella",
    "海": "place:sea", "山": "place:mountain", "湖": "place:lake", "河": "place:river",
    "森": "place:forest", "林": "place:forest", "雪": "place:snow", "城市": "place:city",
    "沙漠": "place:desert", "岛": "place:island", "夜": "light:night", "月光": "light:night",
    "星": "weather:stars", "日出": "light:dawn", "日落": "light:dusk", "雨": "weather:rain",
    "قطة": "subject:cat", "قمر": "subject:moon", "بحر": "place:sea", "صحراء": "place:desert",
    "кот": "subject:cat", "лун": "subject:moon", "море": "place:sea", "маяк": "subject:lighthouse",
    "고양이": "subject:cat", "바다": "place:sea",
    "🐱": "subject:cat", "🐈": "subject:cat", "🐶": "subject:dog", "🐕": "subject:dog",
    "🦊": "subject:fox", "🐰": "subject:rabbit", "🐻": "subject:bear", "🦌": "subject:deer",
    "🐴": "subject:horse", "🐘": "subject:elephant", "🐦": "subject:bird", "🦉": "subject:owl",
    "🐟": "subject:fish", "🐳": "subject:whale", "🐋": "subject:whale", "🌻": "subject:sunflower",
    "🌷": "subject:flower", "🌹": "subject:flower", "🍄": "subject:mushroom",
    "🦋": "subject:butterfly", "🤖": "subject:robot", "🚀": "subject:rocket",
    "🪐": "subject:planet", "🚗": "subject:car", "🚂": "subject:train", "🚲": "subject:bicycle",
    "✈": "subject:airplane", "☂": "subject:umbrella", "☕": "subject:cup", "🫖": "subject:teapot",
    "📖": "subject:book", "🪁": "subject:kite", "🐉": "subject:dragon", "🏰": "subject:castle",
    "🏠": "subject:house", "🌳": "subject:tree", "🌲": "subject:pine", "🌴": "subject:palm",
    "🌵": "subject:cactus", "⛵": "subject:sailboat", "🚢": "subject:ship", "🎈": "subject:balloon",
    "🌙": "subject:moon", "🌕": "subject:moon", "☀": "subject:sun", "🍎": "subject:fruit",
    "👩‍🚀": "subject:astronaut", "🌊": "place:sea", "🏔": "place:mountain", "🏖": "place:beach",
    "🏙": "place:city", "🌌": "place:space", "⭐": "weather:stars", "🌧": "weather:rain",
    "❄": "weather:snowfall", "🌈": "weather:rainbow", "🌅": "light:dawn", "🌇": "light:dusk",
    "🎉": "mood:joyful", "❤": "mood:romantic",
}  # fmt: skip

USUAL_COLOURS: Mapping[str, RGB] = {
    "tiger": (224, 124, 44), "lion": (214, 164, 88), "lioness": (214, 164, 88), "panther": (52, 50, 62),
    "leopard": (222, 178, 96), "cheetah": (226, 186, 110), "jaguar": (206, 150, 72), "lynx": (186, 158, 130),
    "wolf": (132, 138, 148), "polar bear": (238, 236, 228), "unicorn": (242, 238, 244),
    "zebra": (228, 226, 222), "donkey": (140, 132, 128), "knight": (150, 158, 172), "samurai": (124, 34, 40),
    "viking": (122, 92, 62), "grandmother": (146, 108, 158), "grandma": (146, 108, 158),
}  # fmt: skip
"""What some creatures and people usually look like, where the text gives them no colour."""

HEADGEAR: Mapping[str, str] = {
    "helmet": "knight, samurai, ninja, warrior, soldier, viking",
    "hair": "woman, girl, boy, child, kid, family, crowd, grandmother, grandma, granny, mother, father, mum, "
    "mom, dad, sister, brother, baby, friend, dancer, ballerina, lady, princess, player, athlete, surfer",
}
"""What people wear on their heads; all others have a hat."""

GROUPS: Mapping[str, int] = {"family": 4, "crowd": 6}
"""One word for several people."""

PROPER_NAMES = frozenset({"mars", "saturn", "jupiter", "venus"})
"""Names that take a capital letter and no article."""

STAND_INS: Mapping[str, str] = {
    "sign": "logo, sign, banner, label, icon, emblem, badge, map, letter, flag, stamp, menu",
    "machine": "computer, typewriter, machine, radio, television, tv, printer, camera, laptop, engine, "
    "piano, oven, stove, phone, telephone, gramophone, jukebox, generator",
    "ball": "ball, football, basketball, globe, orb, sphere, bubble, pumpkin, egg, pearl, marble",
    "plinth": "statue, sculpture, bust, trophy, vase, monument, urn",
}
"""Forms for things without a drawing of their own; the form of all others follows from the word."""

GERUND_NOUNS = frozenset({
    "king", "ring", "wing", "spring", "string", "sling", "swing", "building", "painting", "drawing", "wedding",
    "ceiling", "clothing", "evening", "morning", "earring", "pudding", "viking", "dumpling", "duckling",
    "railing", "lightning", "thing", "starling", "herring", "stocking",
})  # fmt: skip
"""Words that end like an activity and are things."""

_NO_NOUNS = (
    "old new young big small large little tiny giant huge enormous tall short long high low deep open closed "
    "clear bright pale light heavy soft hard rough smooth round square flat thin thick fat slim hot cold cool "
    "fresh dry wet rich poor good bad great grand fine nice cute pretty lovely ugly strange odd weird funny "
    "ancient modern future classic rustic rural royal noble brave proud clever wise elegant fancy clean dirty "
    "broken empty full busy crowded lush sandy rocky dusty rusty shiny glossy sparkly golden wooden woolen "
    "stone metal glass plastic paper other another same many much more most each every both such only just "
    "own alone together away back down through between behind beneath below beside beyond near next around "
    "among amid upon onto inside outside within during before until since because though where's here now "
    "still ever always often sometimes again once twice too can could may might must shall should does did "
    "had been being do get gets goes go come comes looks looked sits sit stands stand sleeps sleep runs "
    "run flies fly plays play reads read rides ride holds hold wears wear wearing eats eat drinks drink walks "
    "walk dances dance sings sing swims swim him she he us any all left right top bottom middle center centre "
    "side front foreground background distance scene view sky light shadow shadows colour colours color "
    "colors palette mood style art artwork atmosphere feeling sense look detail details time times world "
    "kind type sort way lot lots piece part set pair group bit something anything nothing everything someone "
    "anyone everyone idea concept photo shot design render version american english french german japanese "
    "chinese italian spanish einer einem einen eines den dem des auf am bei von zu zum zur unter über vor "
    "hinter sur sous avec de du des au aux del al sobre bajo por para est sont ist sind alte alter kleine "
    "kleiner große großer there's it's that's let s t d ll ve re m "
    "window windows door doors wall walls floor roof corner horizon ground air water fire smoke steam silence "
    "colourful colorful hope peace joy sadness loneliness solitude memory memories nature weather season home "
    "hand hands face eye eyes head hair arm arms leg legs"
)
NO_NOUNS = frozenset(_NO_NOUNS.split())
"""Words that name no thing that could be drawn, beside the stop words."""

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "from",
        "has",
        "have",
        "her",
        "his",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "off",
        "on",
        "one",
        "or",
        "our",
        "out",
        "over",
        "so",
        "some",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "under",
        "up",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
        "make",
        "draw",
        "paint",
        "show",
        "picture",
        "image",
        "please",
        "using",
        "use",
        "like",
        "about",
        "above",
        "across",
        "after",
        "again",
        "against",
        "all",
        "along",
        "also",
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "und",
        "mit",
        "im",
        "le",
        "la",
        "les",
        "un",
        "une",
        "et",
        "dans",
        "el",
        "los",
        "las",
        "una",
        "con",
        "en",
        "y",
    ]
)
