import { Context, type Instance, memoryRegistry, silentLogger } from "@allium/core";
import { expect, test } from "vitest";
import { ProxiedService } from "./proxied-service.ts";

function instance(id: string, ...addresses: string[]): Instance {
	return {
		id,
		app: "payments",
		namespace: "default",
		addresses,
		services: [{ name: "payments", version: "", hash: "" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "",
		foreign: true,
	};
}

function turns(service: ProxiedService, count: number): string[] {
	return Array.from({ length: count }, () => service.next()?.href ?? "nobody");
}

test("instances take turns, also those of Allium, and those without an address that speaks HTTP have none", () => {
	const service = new ProxiedService("payments");
	expect(service.next()).toBeUndefined();
	const [a, b, c] = [instance("a", "http://a:1"), instance("b", "allium://b:2"), instance("c", "nats://c")];
	service.apply({ type: "snapshot", instances: [a, b, c] });
	expect(new Set(turns(service, 4))).toEqual(new Set(["http://a:1/", "http://b:2/"]));
	service.apply({ type: "down", instance: a });
	expect(turns(service, 2)).toEqual(["http://b:2/", "http://b:2/"]);
	service.apply({ type: "snapshot", instances: [] });
	expect(service.next()).toBeUndefined();
});

test("an unhealthy instance has no turn while another is healthy", () => {
	const service = new ProxiedService("payments");
	const sick = { ...instance("a", "http://a:1"), status: "unhealthy" } as const;
	service.apply({ type: "snapshot", instances: [sick] });
	expect(turns(service, 1)).toEqual(["http://a:1/"]);
	service.apply({ type: "up", instance: instance("b", "http://b:1") });
	expect(new Set(turns(service, 3))).toEqual(new Set(["http://b:1/"]));
});

test("an address that could not be reached is passed over while there is another", () => {
	const service = new ProxiedService("payments");
	service.apply({ type: "snapshot", instances: [instance("a", "http://a:1"), instance("b", "http://b:1")] });
	service.failed(new URL("http://a:1"));
	expect(new Set(turns(service, 3))).toEqual(new Set(["http://b:1/"]));
	service.failed(new URL("http://b:1"));
	expect(new Set(turns(service, 3))).toEqual(new Set(["http://a:1/", "http://b:1/"]));
});

test("the registry is followed until close", async () => {
	const registry = memoryRegistry();
	const service = new ProxiedService("payments");
	service.open({ registry, namespace: "default", logger: silentLogger });
	const lease = await registry.register(instance("a", "http://a:1"), Context.background());
	await expect.poll(() => service.next()?.href).toBe("http://a:1/");
	await lease.release();
	await expect.poll(() => service.next()).toBeUndefined();
	service.close();
	await registry.register(instance("b", "http://b:1"), Context.background());
	expect(service.next()).toBeUndefined();
});
