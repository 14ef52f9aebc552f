// Runs before the tests of HTTP that run a second time: there Node reads HTTP/1.1 alone.
import { vi } from "vitest";

vi.mock(import("../../packages/node/src/http/http-reader.ts"), async (original) => ({
	...(await original()),
	defaultHttpReader: "node" as const,
}));
