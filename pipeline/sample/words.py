"""The sample shop's invented words: categories, product names, brands, regions and stores."""

from __future__ import annotations

from typing import NamedTuple


class Category(NamedTuple):
    """A top category: its share of interest, median price in dollars, busy months, and aisles with their products."""

    name: str
    share: float
    median_price: float
    busy_months: tuple[int, ...]
    aisles: dict[str, tuple[str, ...]]


class Region(NamedTuple):
    """A region: its share of visits, time zone, conversion relative to the mean, and stores."""

    name: str
    share: float
    time_zone: str
    conversion: float
    stores: tuple[str, ...]


CATEGORIES = (
    Category("Home", 0.17, 32, (10, 11), {
        "Lighting": ("Table Lamp", "Floor Lamp", "Pendant Light", "Desk Lamp"),
        "Bulbs": ("LED Bulb", "Filament Bulb", "Smart Bulb", "Candle Bulb"),
        "Textiles": ("Throw", "Cushion", "Bed Linen", "Curtain"),
        "Storage": ("Basket", "Shelf Box", "Wall Hook", "Drawer Insert"),
        "Decor": ("Vase", "Mirror", "Picture Frame", "Candle Holder"),
    }),
    Category("Kitchen", 0.13, 28, (11, 12), {
        "Coffee": ("Pour-Over Set", "Coffee Grinder", "Moka Pot", "French Press"),
        "Mugs": ("Mug", "Espresso Cup", "Travel Mug", "Tea Glass"),
        "Cookware": ("Saucepan", "Frying Pan", "Casserole", "Wok"),
        "Utensils": ("Spatula", "Whisk", "Ladle", "Chef’s Knife"),
        "Tableware": ("Dinner Plate", "Bowl", "Serving Dish", "Carafe"),
    }),
    Category("Electronics", 0.15, 62, (11, 12), {
        "Audio": ("Headphones", "Earbuds", "Bluetooth Speaker", "Soundbar"),
        "Phone accessories": ("Phone Case", "Screen Protector", "Charging Cable", "Power Bank"),
        "Phones": ("Smartphone", "Feature Phone", "Compact Phone"),
        "Computing": ("Keyboard", "Mouse", "Webcam", "Laptop Stand"),
        "Smart home": ("Smart Plug", "Door Sensor", "Thermostat", "Motion Light"),
    }),
    Category("Fashion", 0.14, 38, (3, 9, 11), {
        "Shirts": ("Oxford Shirt", "Linen Shirt", "T-Shirt", "Polo"),
        "Knitwear": ("Jumper", "Cardigan", "Beanie", "Scarf"),
        "Trousers": ("Chinos", "Jeans", "Shorts", "Joggers"),
        "Belts": ("Leather Belt", "Woven Belt", "Canvas Belt"),
        "Dresses": ("Shirt Dress", "Midi Dress", "Wrap Dress"),
    }),
    Category("Shoes", 0.07, 58, (3, 9), {
        "Trainers": ("Trainer", "Running Shoe", "Court Shoe"),
        "Boots": ("Chelsea Boot", "Hiking Boot", "Rain Boot"),
        "Sandals": ("Sandal", "Slide", "Espadrille"),
        "Shoe care": ("Shoe Brush", "Insole", "Laces", "Wax"),
    }),
    Category("Beauty", 0.08, 18, (2, 12), {
        "Skincare": ("Face Cream", "Serum", "Cleanser", "Sun Cream"),
        "Hair": ("Shampoo", "Conditioner", "Hair Oil", "Comb"),
        "Fragrance": ("Eau de Parfum", "Room Spray", "Scented Candle"),
    }),
    Category("Toys", 0.06, 24, (11, 12), {
        "Building": ("Block Set", "Marble Run", "Train Set"),
        "Games": ("Board Game", "Card Game", "Puzzle"),
        "Soft toys": ("Bear", "Rabbit", "Whale"),
        "Batteries": ("Battery Pack", "Charger", "Rechargeable Set"),
    }),
    Category("Garden", 0.06, 30, (4, 5, 6), {
        "Pots": ("Planter", "Hanging Pot", "Seed Tray"),
        "Soil": ("Potting Mix", "Compost", "Fertiliser"),
        "Tools": ("Trowel", "Pruner", "Watering Can"),
        "Outdoor": ("Lantern", "Parasol", "Folding Chair"),
    }),
    Category("Sports", 0.05, 34, (1, 5), {
        "Yoga": ("Yoga Mat", "Block", "Strap"),
        "Cycling": ("Bike Light", "Helmet", "Bottle Cage"),
        "Camping": ("Tent", "Sleeping Bag", "Camp Stove"),
        "Hydration": ("Water Bottle", "Flask", "Soft Flask"),
    }),
    Category("Books", 0.04, 15, (7, 12), {
        "Cooking": ("Cookbook", "Baking Book", "Bread Book"),
        "Travel": ("City Guide", "Walking Guide", "Atlas"),
        "Design": ("Interiors Book", "Colour Book", "Craft Book"),
    }),
    Category("Office", 0.03, 16, (1, 8, 9), {
        "Notebooks": ("Notebook", "Planner", "Sketchbook"),
        "Pens": ("Fountain Pen", "Gel Pen", "Pencil Set"),
        "Desk": ("Desk Mat", "Pen Tray", "Document Tray"),
    }),
    Category("Pets", 0.02, 20, (12,), {
        "Dogs": ("Dog Bed", "Lead", "Chew Toy"),
        "Cats": ("Scratching Post", "Cat Bed", "Feather Toy"),
        "Feeding": ("Feeding Bowl", "Treat Jar", "Food Scoop"),
    }),
)  # fmt: skip

# Products often bought together: each product of the first aisle has one partner in the second.
PAIRED_AISLES = (
    ("Home/Lighting", "Home/Bulbs"),
    ("Kitchen/Coffee", "Kitchen/Mugs"),
    ("Kitchen/Cookware", "Kitchen/Utensils"),
    ("Electronics/Phones", "Electronics/Phone accessories"),
    ("Fashion/Trousers", "Fashion/Belts"),
    ("Shoes/Boots", "Shoes/Shoe care"),
    ("Toys/Building", "Toys/Batteries"),
    ("Garden/Pots", "Garden/Soil"),
    ("Sports/Yoga", "Sports/Hydration"),
    ("Office/Notebooks", "Office/Pens"),
    ("Pets/Dogs", "Pets/Feeding"),
)

# Price level of an aisle relative to its category's median; 1 if not listed.
AISLE_PRICE = {
    "Home/Bulbs": 0.35, "Home/Storage": 0.7, "Home/Lighting": 1.5, "Kitchen/Mugs": 0.5, "Kitchen/Utensils": 0.6,
    "Kitchen/Coffee": 1.4, "Kitchen/Cookware": 1.7, "Electronics/Phones": 4.0, "Electronics/Phone accessories": 0.35,
    "Fashion/Belts": 0.7, "Fashion/Dresses": 1.4, "Shoes/Shoe care": 0.2, "Shoes/Boots": 1.5, "Beauty/Fragrance": 1.8,
    "Toys/Batteries": 0.5, "Garden/Soil": 0.5, "Garden/Outdoor": 1.6, "Sports/Camping": 2.2, "Sports/Hydration": 0.6,
    "Office/Pens": 0.7, "Pets/Feeding": 0.7, "Pets/Dogs": 1.3,
}  # fmt: skip

LINES = (
    "Alder", "Birch", "Cove", "Dune", "Ember", "Fjord", "Grove", "Haven", "Isle", "Juniper",
    "Kelp", "Linden", "Moss", "North", "Oak", "Pebble", "Quarry", "Reed", "Slate", "Tern",
    "Umber", "Vale", "Willow", "Yarrow", "Zephyr", "Aspen", "Brook", "Cedar", "Drift", "Elm",
    "Fern", "Glen", "Heath", "Iris", "Larch", "Maple", "Nettle", "Olive", "Plum", "Rowan",
)  # fmt: skip

BRANDS = (
    "Aldine", "Bramwick", "Corvane", "Dellmoor", "Estrand", "Fenholt", "Galloway & Pike", "Harrowby", "Inlet",
    "Jorvik Works", "Kestrel", "Lumen Row", "Marlowe", "Nordlys", "Oakhurst", "Pallas", "Quillon", "Ravensby",
    "Solvei", "Tamarind", "Ullswater", "Verano", "Westerly", "Yarrow & Sons", "Zenith Supply", "Arden", "Brightside",
    "Calder", "Dovetail", "Everly", "Foxglove", "Greyfriars", "Hollin", "Ironbridge", "Juno", "Kinvara",
)  # fmt: skip
BRANDS_PER_CATEGORY = 7

REGIONS = (
    Region("US East", 0.27, "America/New_York", 1.08, ("new-york-1", "boston-1")),
    Region("US West", 0.17, "America/Los_Angeles", 1.04, ("seattle-1", "portland-1")),
    Region("Canada", 0.08, "America/Toronto", 0.94, ("toronto-1",)),
    Region("UK", 0.19, "Europe/London", 1.12, ("london-1", "london-2", "leeds-1")),
    Region("Germany", 0.14, "Europe/Berlin", 0.92, ("berlin-1", "hamburg-1")),
    Region("France", 0.09, "Europe/Paris", 0.82, ("lyon-1",)),
    Region("Nordics", 0.06, "Europe/Stockholm", 0.98, ("stockholm-1",)),
)
