import { expect, test } from "vitest";
import { Cancellation } from "./cancellation.ts";
import { PendingStep } from "./pending-step.ts";

const outcomeOf = (step: PendingStep): Promise<unknown> => step.promise.then(String, ({ reason }) => reason);

test("waits end with it, and so does the step at which the run is parked; what may have its effect goes on", async () => {
	const [sleep, parked, call] = [
		new PendingStep({ name: "a while", kind: "sleep" }),
		new PendingStep({ name: "stuck", kind: "call" }),
		new PendingStep({ name: "pay", kind: "call" }),
	];
	new Cancellation().ask("enough", [sleep, parked, call], "stuck");
	call.resolve("paid");
	expect(await Promise.all([sleep, parked, call].map(outcomeOf))).toEqual([
		"workflow_cancelled",
		"workflow_cancelled",
		"paid",
	]);
});

test("where nothing waits, the next step ends with it, and the one after that does not", async () => {
	const cancellation = new Cancellation();
	cancellation.ask(undefined, [], undefined);
	const [next, after] = ["next", "after"].map((name) => new PendingStep({ name, kind: "call" }));
	for (const step of [next, after]) if (step !== undefined) cancellation.meet(step);
	after?.resolve("done");
	expect(await Promise.all([next, after].map((step) => step && outcomeOf(step)))).toEqual([
		"workflow_cancelled",
		"done",
	]);
});
