import type { Broker } from "@allium/core/event";
import { logBroker, MemoryGroups, MemoryTopics, memoryGroupState, memoryLog } from "@allium/core/log-broker";
import { describe, expect, test } from "vitest";
import { BrokerLab } from "./broker/broker-lab.ts";
import type { BrokerOpenOptions, BrokerSetup } from "./broker/broker-setup.ts";
import { type BrokerFlaw, flawedBroker } from "./broker/fixtures/flawed-broker.ts";
import { Gate } from "./broker/fixtures/gate.ts";
import { brokerCases, brokerSuite } from "./broker-suite.ts";
import { verdictOf } from "./suite/suite-case.ts";

async function memory(flaw?: BrokerFlaw): Promise<BrokerSetup> {
	const [topics, groups] = [new MemoryTopics(), new MemoryGroups()];
	const open = ({ target: _, ...options }: BrokerOpenOptions, gate: Gate): Broker => {
		const [log, state] = [memoryLog({ topics }), memoryGroupState({ groups })];
		return flaw === undefined
			? logBroker(gate.log(log), gate.state(state), options)
			: flawedBroker({ log, state, gate }, options, flaw);
	};
	return {
		ttlMs: 400,
		open: async (options) => open(options, new Gate()),
		async openCut(options) {
			const gate = new Gate();
			return { broker: open(options, gate), cut: () => gate.cut(), heal: () => gate.heal() };
		},
		putText: async (topic, lane, text) => topics.putText(topic, lane, text),
		close: async () => {},
	};
}

brokerSuite("memory", () => memory());

// They wait, and each has a backend of its own.
describe.concurrent("the suite finds out a broker with", () => {
	test.each<[flaw: BrokerFlaw, title: string]>([
		[
			"no fencing",
			"what a process that was cut off saves too late changes nothing: its successor's work stands",
		],
		["requeue at the end", "the later events of a failing key wait behind it"],
		[
			"a cursor that passes unfinished work",
			"what was in hand when its process ended is handled, though later events were handled before",
		],
		[
			"drops only the event in hand",
			"a process that was cut off gives its lanes up whole: no key is stuck, and each is in order",
		],
		["unkeyed dispatch", "100 keys of 100 events, 16 at once: each key one after another, in order"],
		["a reader by sequence", "16 publishers race: a group misses none of their events"],
		[
			"a place created at the first save",
			"a group that is there before it first saves keeps its place: what came while nobody worked is handled",
		],
		["a refusal that leaves no trace", "a parked event is listed with its error, attempts and times"],
		[
			"lanes as asked for",
			"ten brokers that open a topic and join a group at once have the same, and no event is left out",
		],
		["one event of a lane at a time", "while a handler hangs, all other keys of its lane go on"],
		[
			"no end of a handler that hangs",
			"a handler that hangs is given up at its timeout, tried again and parked; its late end changes nothing, and replay goes on",
		],
		["data in the deferred list", "what is kept of a failing event is its place, and not its data"],
		[
			"an old member that passes over what it does not know",
			"an event of a type or version that only a newer member handles goes to that member",
		],
		[
			"an old member that passes over what it does not know",
			"an event that no member handles yet waits, and goes to the first that does, while the others work on",
		],
	])("%s: %s", async (flaw, title) => {
		const parts = { lab: new BrokerLab(6_000), cases: brokerCases };
		expect(await verdictOf(title, parts, () => memory(flaw))).toBeInstanceOf(Error);
	});
});
