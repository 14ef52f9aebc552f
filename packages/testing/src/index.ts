export { type TestClientOptions, testClient } from "./test-client.ts";
