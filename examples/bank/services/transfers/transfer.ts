import { isError, type Service, type Workflow, workflow } from "allium";
import { Balance } from "../balance/contract.ts";
import { Transfers } from "./contract.ts";

export interface TransferCallees {
	readonly balance: Pick<Service<typeof Balance>, "debit" | "credit">;
	readonly transfers: Pick<Service<typeof Transfers>, "complete" | "refuse">;
}

/**
 * Carries out a transfer: takes the money from one account, puts it on the other, and gives it back if that is refused.
 * Each movement has an id, so that it happens once, however often a process ends on the way.
 */
export function transfer({ balance, transfers }: TransferCallees): Workflow {
	return workflow("transfer", Transfers.requested, async ({ id, from, to, amount }, run) => {
		const refuse = async (reason: string): Promise<void> => {
			await run.call(transfers.refuse, { id, reason });
		};
		try {
			await run.call(balance.debit, { id: `transfer ${id}`, account: from, amount, other: to });
		} catch (error) {
			const { insufficient_funds, unknown_account } = Balance.debit.error;
			if (isError(error, insufficient_funds)) return refuse("insufficient_funds");
			if (isError(error, unknown_account)) return refuse("unknown_account");
			throw error;
		}
		try {
			await run.call(balance.credit, { id: `transfer ${id}`, account: to, amount, other: from });
		} catch (error) {
			if (!isError(error, Balance.credit.error.unknown_account)) throw error;
			const back = { id: `return ${id}`, account: from, amount, other: to };
			await run.call(balance.credit, back, { as: "give back" });
			return refuse("unknown_account");
		}
		await run.call(transfers.complete, { id });
	});
}
