import { decider } from "allium";
import { type Transfer, Transfers } from "./contract.ts";

interface State {
	/** Undefined before it is requested. */
	readonly transfer: Transfer | undefined;
}

const initial: State = { transfer: undefined };

/** Decides the course of a transfer: it is requested once, and ends once. */
export const transfers = decider(Transfers, {
	id: "id",
	initial,
	decide: {
		request(order, { transfer }) {
			if (order.from === order.to) throw Transfers.request.error.same_account();
			if (transfer === undefined) return Transfers.requested(order);
			const isSame =
				transfer.from === order.from && transfer.to === order.to && transfer.amount === order.amount;
			if (!isSame) throw Transfers.request.error.id_reused();
			return [];
		},
		complete({ id }, { transfer }) {
			if (transfer === undefined) throw Transfers.complete.error.unknown_transfer();
			return transfer.state === "requested" ? Transfers.completed({ id }) : [];
		},
		refuse(refusal, { transfer }) {
			if (transfer === undefined) throw Transfers.refuse.error.unknown_transfer();
			return transfer.state === "requested" ? Transfers.refused(refusal) : [];
		},
	},
	evolve: {
		requested: (_, order): State => ({ transfer: { ...order, state: "requested" } }),
		completed: ({ transfer }): State => ({ transfer: transfer && { ...transfer, state: "completed" } }),
		refused: ({ transfer }, { reason }): State => ({
			transfer: transfer && { ...transfer, state: "refused", reason },
		}),
	},
});
