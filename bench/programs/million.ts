// A million events wait on SQLite for a handler that is slow. Each question asks for the next tenth.
import { setTimeout as sleep } from "node:timers/promises";
import { Subscription } from "@allium/core/event";
import { broker } from "@allium/sqlite";
import { Context } from "allium";
import { BrokerParts } from "../events/broker-parts.ts";
import { toldContract } from "../events/told.ts";
import { answerParent } from "./serving.ts";

export interface MillionAssignment {
	readonly folder: string;
	readonly events: number;
	readonly tenths: number;
}

/** The figures of one tenth. */
export interface Tenth {
	readonly perSecond: number;
	/** At the moment when the tenth was handled. */
	readonly rssBytes: number;
}

const { folder, events, tenths }: MillionAssignment = JSON.parse(process.argv[2] ?? "{}");
const background = Context.background();
const handlerMs = 1;

await answerParent(async () => {
	const parts = new BrokerParts(() => broker(`sqlite://${folder}`), events);
	const shared = await parts.broker();
	await parts.fillTopic(shared, "million");
	let begun: Promise<unknown> | undefined;
	let [handled, wanted] = [0, 0];
	let reached = Promise.withResolvers<void>();
	const told = async (): Promise<void> => {
		await sleep(handlerMs);
		if (++handled === wanted) reached.resolve();
	};
	const handlers = new Subscription(toldContract("million"), { told }, { group: "slow", from: "start" });
	return {
		ready: {},
		answer: async (): Promise<Tenth> => {
			const before = handled;
			wanted += events / tenths;
			reached = Promise.withResolvers();
			if (handled >= wanted) reached.resolve();
			const started = performance.now();
			begun ??= handlers.begin(shared, background);
			await begun;
			await reached.promise;
			const seconds = (performance.now() - started) / 1000;
			return { perSecond: (handled - before) / seconds, rssBytes: process.memoryUsage.rss() };
		},
		close: () => parts.close(),
	};
});
