import { Context, ServiceError } from "@allium/core";
import { expect, test, vi } from "vitest";
import type { Live } from "./executed.ts";
import type { Fact } from "./journal-entry.ts";
import { PendingStep } from "./pending-step.ts";
import { StepAttempts } from "./step-attempts.ts";

const none = (): undefined => undefined;

function attemptsIn(ctx: Context): { readonly attempts: StepAttempts; readonly came: Fact[] } {
	const came: Fact[] = [];
	const live: Live = {
		ctx,
		append: async () => ({ isAdded: true, entries: [] }),
		contextOf: () => ctx,
		publish: async () => [],
		isStopping: () => false,
		now: () => 0,
		check: async () => undefined,
	};
	return { attempts: new StepAttempts(live, (fact) => void came.push(fact)), came };
}

const pay = (): PendingStep => new PendingStep({ name: "pay", kind: "call" });

test("an attempt that is under way when the process loses the run comes to nothing: it is made again elsewhere", async () => {
	const { ctx, cancel } = Context.background().withCancel();
	const { attempts, came } = attemptsIn(ctx);
	attempts.begin(pay(), () => new Promise(() => {}), none);
	const { ended } = attempts;
	cancel();
	await ended;
	expect([came, attempts.givenUp, attempts.areRunning]).toEqual([[], undefined, false]);
});

test("of steps that are given up at once, the first counts", async () => {
	const { attempts } = attemptsIn(Context.background());
	for (const name of ["one", "two"]) {
		const refuse = async (): Promise<void> => {
			throw new ServiceError({ code: "permission_denied", message: name });
		};
		attempts.begin(new PendingStep({ name, kind: "call" }), refuse, none);
	}
	await vi.waitFor(() => expect(attempts.areRunning).toBe(false));
	expect(attempts.givenUp).toMatchObject({ step: "one", error: { message: "one" } });
});
