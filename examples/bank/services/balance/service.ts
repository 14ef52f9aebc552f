import type { Context, Service } from "allium";
import { Balance } from "./contract.ts";
import type { Decision, Ledger, Movement } from "./ledger.ts";

export function balance(ledger: Ledger): Service<typeof Balance> {
	/** Returns "reused" if the id stands for something else. */
	const move = async (movement: Movement, ctx: Context): Promise<Decision | "reused" | undefined> => {
		const decision = await ledger.move(movement, ctx);
		if (decision === undefined) return undefined;
		return decision.account === movement.account && decision.amount === movement.amount ? decision : "reused";
	};

	return {
		async get({ account }) {
			const balance = ledger.balance(account);
			if (balance === undefined) throw Balance.get.error.unknown_account();
			return { balance };
		},

		async debit({ id, account, amount }, ctx) {
			const decision = await move({ id, account, amount: -amount }, ctx);
			const { error } = Balance.debit;
			if (decision === undefined) throw error.unknown_account();
			if (decision === "reused") throw error.id_reused();
			if (!decision.applied) throw error.insufficient_funds({ available: decision.balance });
			return { balance: decision.balance };
		},

		async credit({ id, account, amount }, ctx) {
			const decision = await move({ id, account, amount }, ctx);
			const { error } = Balance.credit;
			if (decision === undefined) throw error.unknown_account();
			if (decision === "reused") throw error.id_reused();
			return { balance: decision.balance };
		},
	};
}
