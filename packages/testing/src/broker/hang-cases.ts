import { type Context, contract, event, type Logger } from "@allium/core";
import { type Broker, Subscription } from "@allium/core/event";
import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import { given } from "../suite/given.ts";
import type { BrokerCase } from "./broker-case.ts";
import { type BrokerLab, background, parkedOf, rewards, topicName } from "./broker-lab.ts";

const started = event({ key: "id", data: given<{ readonly id: string }>() });
const Matches = contract(topicName, { started });
const silent: Logger = { log() {} };
const attempts = 3;

/** A handler that hangs on the first event of the key `bad`, heeds no signal, and handles all others. */
class Hanging {
	readonly handled: string[] = [];
	hangs = 0;
	readonly #released = Promise.withResolvers<void>();
	#isReleased = false;

	readonly handle = async ({ id }: { readonly id: string }, _ctx: Context): Promise<void> => {
		if (id === "bad-0" && !this.#isReleased) {
			this.hangs++;
			return this.#released.promise;
		}
		this.handled.push(id);
	};

	/** The handlers that hang end at last. Later ones do not hang. */
	release(): void {
		this.#isReleased = true;
		this.#released.resolve();
	}
}

async function begun(lab: BrokerLab, broker: Broker, hanging: Hanging, timeoutMs: number): Promise<void> {
	const retry = { attempts, firstDelayMs: 20, longestDelayMs: 50 };
	const options = { group: rewards.group, timeoutMs, retry, logger: silent };
	const subscription = new Subscription(Matches, { started: hanging.handle }, options);
	const { consumer } = await subscription.begin(broker, background.withTimeout(lab.patienceMs));
	lab.closing(consumer);
}

/** Publishes two events of a key whose first one hangs, and behind them others. Returns the ids of those. */
async function publishBad(lab: BrokerLab): Promise<readonly string[]> {
	const topic = await lab.topic({ lanes: 1 });
	const others = Array.from({ length: 100 }, (_, index) =>
		matchEvent(`other-${index}`, { key: `k${index % 10}` }),
	);
	await topic.publish([...matchEvents("bad", 2), ...others], background);
	return others.map(({ id }) => id);
}

/** Handlers that never settle. */
export const hangCases: readonly BrokerCase[] = [
	{
		title: "while a handler hangs, all other keys of its lane go on",
		async run(lab) {
			await lab.topic({ lanes: 1 });
			const hanging = new Hanging();
			await begun(lab, await lab.broker(), hanging, 10 * lab.patienceMs);
			const others = await publishBad(lab);
			await lab.eventually(() => expect(hanging.handled.toSorted()).toEqual(others.toSorted()));
			expect(hanging.hangs).toBe(1);
		},
	},
	{
		title:
			"a handler that hangs is given up at its timeout, tried again and parked; its late end changes nothing, and replay goes on",
		async run(lab, skip) {
			const { features } = await lab.topic({ lanes: 1 });
			if (features.park === false) return skip("the broker parks nothing");
			const hanging = new Hanging();
			const broker = await lab.broker();
			await begun(lab, broker, hanging, 200);
			const others = await publishBad(lab);
			await lab.eventually(async () => expect(await parkedOf(broker)).toHaveLength(1), 20);
			const [parked] = await parkedOf(broker);
			expect(parked).toMatchObject({
				event: { id: "bad-0" },
				error: { code: "deadline_exceeded", message: "the handler took longer than 200 ms" },
			});
			expect(hanging.hangs).toBe(attempts);
			const free = features.park === "key" ? others : [...others, "bad-1"];
			await lab.eventually(() => expect(hanging.handled.toSorted()).toEqual(free.toSorted()));
			hanging.release();
			await broker.parking(rewards).replay("all", background);
			await lab.eventually(() => expect(hanging.handled).toContain("bad-0"));
			await lab.eventually(() =>
				expect(hanging.handled.toSorted()).toEqual([...others, "bad-0", "bad-1"].toSorted()),
			);
			expect(await parkedOf(broker)).toEqual([]);
		},
	},
];
