import { Context } from "@allium/core";
import { expect, test, vi } from "vitest";
import { warnOfLocalBroker } from "./local-broker.ts";

/** How often it warns. */
function warnings(location: string, { spansHosts = true, isNeeded = true } = {}): number {
	const log = vi.fn();
	void warnOfLocalBroker({
		broker: { location, isNeeded },
		registry: { spansHosts },
		logger: { log },
	}).start?.(Context.background());
	return log.mock.calls.length;
}

test("events in files of one host are warned of where the registry spans hosts", () => {
	expect(warnings("sqlite:/var/lib/allium")).toBe(1);
});

test("nothing is warned of where events go as far as calls, or there are none", () => {
	expect(warnings("nats://10.0.0.1:4222")).toBe(0);
	expect(warnings("sqlite:/var/lib/allium", { spansHosts: false })).toBe(0);
	expect(warnings("sqlite:/var/lib/allium", { isNeeded: false })).toBe(0);
});
