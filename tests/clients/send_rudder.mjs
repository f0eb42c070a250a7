// Sends the visit with RudderStack's library for Node. Arguments: the collector's address, a write key.
import { readFileSync } from "node:fs"
import RudderAnalytics from "@rudderstack/rudder-sdk-node"

const [dataPlaneUrl, writeKey] = process.argv.slice(2)
const visit = JSON.parse(readFileSync(new URL("visit.json", import.meta.url)))
const analytics = new RudderAnalytics(writeKey, { dataPlaneUrl })
const who = { userId: visit.customer, anonymousId: visit.anonymous }
analytics.identify({ ...who, traits: { plan: "club" } })
analytics.page({ ...who, name: "Home" })
for (const { event, properties } of visit.calls) analytics.track({ ...who, event, properties })
await analytics.flush()
