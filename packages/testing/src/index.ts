export { RunningTime } from "./running-time.ts";
export { type TestClientOptions, testClient } from "./test-client.ts";
