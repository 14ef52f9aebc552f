export { RunningTime } from "./running-time.ts";
export { type Given, type Specification, spec, type When } from "./spec.ts";
export { type TestClientOptions, testClient } from "./test-client.ts";
export { timesFrom } from "./times-from.ts";
