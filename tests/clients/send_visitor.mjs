// A visitor who signs in halfway, with Segment's library for Node: only `identify` names both ids.
import { Analytics } from "@segment/analytics-node"

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host, flushAt: 1, flushInterval: 100 })
const anonymousId = "device-1"
const view = (product) =>
  new Promise((sent, failed) => {
    const properties = { product_id: product }
    analytics.track({ anonymousId, event: "Product Viewed", properties }, (error) => (error ? failed(error) : sent()))
  })
await view("before")
await new Promise((sent) => analytics.identify({ anonymousId, userId: "customer-7" }, sent))
await view("after")
await analytics.closeAndFlush({ timeout: 20000 })
