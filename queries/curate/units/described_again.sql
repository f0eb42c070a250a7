-- title:   Products whose description changed
-- grain:   one row per product_id
-- source:  lake
select distinct product_id
from (
    select product_id, product_name, category_path, brand, unit_cost from new_products
    except
    select product_id, product_name, category_path, brand, unit_cost from known_products
) as described
