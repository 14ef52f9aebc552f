import { Cause, causeOf, effectName } from "@allium/core";
import { withCause } from "@allium/core/transport";
import {
	type Context,
	type EventStore,
	handle,
	isServiceError,
	type Logger,
	load,
	type Service,
} from "allium";
import { Balance } from "./contract.ts";
import { ledger } from "./ledger.ts";

/** Decides movements of money, and keeps the events in an event store, which several processes may share. */
export function balance(store: EventStore, logger: Logger): Service<typeof Balance> {
	return {
		async get({ account }, ctx) {
			const { state } = await load(store, ledger, account, ctx);
			if (!state.isOpen) throw Balance.get.error.unknown_account();
			return { balance: state.balance };
		},

		async open(input, ctx) {
			const { state } = await handle(store, ledger, "open", input, ctx);
			return { balance: state.balance };
		},

		async debit(input, ctx) {
			logger.log("info", `a payment asks for ${input.id}`);
			try {
				const { state } = await handle(store, ledger, "debit", input, ofMovement(input.id, ctx));
				return { balance: state.balance };
			} catch (error) {
				throw isReused(error) ? Balance.debit.error.id_reused() : error;
			}
		},

		async credit(input, ctx) {
			try {
				const { state } = await handle(store, ledger, "credit", input, ofMovement(input.id, ctx));
				return { balance: state.balance };
			} catch (error) {
				throw isReused(error) ? Balance.credit.error.id_reused() : error;
			}
		},
	};
}

/**
 * A movement follows from its id, whichever call asks for it. So all calls with this id are one command, whose outcome
 * is kept: a refusal, too, is final.
 */
function ofMovement(id: string, ctx: Context): Context {
	const cause = new Cause(id, causeOf(ctx)?.correlationId);
	return withCause(ctx, cause).withValue(effectName, "movement");
}

function isReused(error: unknown): boolean {
	return isServiceError(error) && error.reason === "key_reused";
}
