// Sends the visit with Snowplow's tracker for Node. Arguments: the collector's address, a write key.
import { readFileSync } from "node:fs"
import { buildSelfDescribingEvent, newTracker } from "@snowplow/node-tracker"

const [endpoint, writeKey] = process.argv.slice(2)
const visit = JSON.parse(readFileSync(new URL("visit.json", import.meta.url)))
const ECOMMERCE = "iglu:com.snowplowanalytics.snowplow.ecommerce"
const ACTIONS = {
  "Product Viewed": "product_view",
  "Product Added": "add_to_cart",
  "Checkout Started": "checkout_step",
  "Order Completed": "transaction",
  "Order Refunded": "refund",
}
const tracker = newTracker(
  { namespace: "clients", appId: "shop" },
  { endpoint, bufferSize: 50, customHeaders: { "X-Write-Key": writeKey } },
)
tracker.setUserId(visit.customer)

const entity = (name, data) => ({ schema: `${ECOMMERCE}/${name}/jsonschema/1-0-0`, data })
for (const { event, properties } of visit.calls) {
  const type = ACTIONS[event]
  const { order_id: transaction_id, currency, products } = properties
  const product = ({ product_id: id, ...rest }) => entity("product", { id, currency, ...rest })
  const entities = (products ?? (properties.product_id ? [properties] : [])).map(product)
  if (type === "checkout_step") entities.push(entity("checkout_step", { step: 1 }))
  if (products) entities.push(entity(type, { transaction_id, currency }))
  const action = { schema: `${ECOMMERCE}/snowplow_ecommerce_action/jsonschema/1-0-2`, data: { type } }
  tracker.track(buildSelfDescribingEvent({ event: action }), entities)
}
await tracker.flush()
await tracker.flush() // what was not answered is kept, and sent by the next one
