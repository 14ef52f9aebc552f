import type { Registry } from "@allium/core";
import { readOnlyRegistrySuite } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { expect, test } from "vitest";
import { registry } from "./dns-registry.ts";
import { Named } from "./fixtures/named.ts";

type Listing = Readonly<Record<string, readonly string[]>>;

/** The SRV records of a listing, and the addresses of their targets. */
function recordsOf(listing: Listing): string[] {
	return Object.entries(listing).flatMap(([service, urls]) =>
		urls.flatMap((url) => {
			const { hostname, port } = new URL(url);
			const target = `h${hostname.replaceAll(".", "-")}`;
			return [`_a._tcp.${service} SRV 10 50 ${port} ${target}`, `${target} A ${hostname}`];
		}),
	);
}

async function addresses(open: Registry): Promise<string[]> {
	return (await open.list()).flatMap((instance) => instance.addresses).sort();
}

describeServer("named", (program) => {
	readOnlyRegistrySuite("dns, services of BIND", async (listing) => {
		const server = await Named.start(program, recordsOf(listing));
		const url = "dns:orders=http://_a._tcp.orders.test;stock=_a._tcp.stock.test";
		const open = (): Registry => registry(url, { servers: [server.address], pollMs: 50, graceMs: 300 });
		return {
			open: async () => open(),
			change: async (changed) => {
				server.change(recordsOf(changed));
				await expect.poll(() => addresses(open())).toEqual(Object.values(changed).flat().sort());
			},
			close: () => server.process.close(),
		};
	});

	test("an answer that takes more than a datagram is read whole", async () => {
		const hosts = Array.from({ length: 100 }, (_, n) => `10.0.0.${n}`);
		const server = await Named.start(
			program,
			hosts.map((host) => `orders A ${host}`),
		);
		try {
			const open = registry("dns:{service}.test:4000", { servers: [server.address], timeoutMs: 10_000 });
			const found = await open.list({ service: "orders" });
			expect(found).toHaveLength(100);
			await open.close();
		} finally {
			await server.process.close();
		}
	});
});
