import { memoryRegistry } from "@allium/core";
import { expect, test } from "vitest";
import { openRegistry } from "./open-registry.ts";

test("a registry is opened by an adapter that was passed in", async () => {
	const registry = memoryRegistry();
	const ours = async () => ({ registry: () => registry });
	expect(await openRegistry("ours://here", { adapters: { ours } })).toBe(registry);
});

test("an unknown scheme says which there are, and recommends no package that does not exist", async () => {
	await expect(openRegistry("nowhere://x")).rejects.toThrow(
		'the URL of the registry is nowhere://x, but there is no adapter for "nowhere:" URLs here; there are adapters for amqp:, consul:, dns:, etcd:, eureka:, kubernetes:, mdns:, nats:, postgres:, redis:, sqlite:, static: and zookeeper:, and the option "adapters" takes others',
	);
});

test("a package that is not installed is named, with the command that installs it", async () => {
	await expect(openRegistry("sqlite:", { cwd: "/" })).rejects.toThrow(
		'there is no adapter for "sqlite:" URLs here; install it with "npm install @allium/sqlite"',
	);
});
