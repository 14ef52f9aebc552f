import { spec } from "@allium/testing";
import { describe, test } from "vitest";
import { Transfers } from "./contract.ts";
import { transfers } from "./transfers.ts";

const order = { id: "t", from: "ann", to: "ben", amount: 5_00 };
const requested = Transfers.requested(order);
const completed = Transfers.completed({ id: "t" });
const refusal = { id: "t", reason: "insufficient_funds" };

describe("a transfer", () => {
	test("is requested once", () => {
		spec(transfers).when("request", order).then(requested);
		spec(transfers).given(requested).when("request", order).then();
		spec(transfers).given(requested, completed).when("request", order).then();
	});

	test("does not share its id with another", () => {
		spec(transfers)
			.given(requested)
			.when("request", { ...order, amount: 1 })
			.thenError(Transfers.request.error.id_reused);
	});

	test("goes to another account", () => {
		spec(transfers)
			.when("request", { ...order, to: "ann" })
			.thenError(Transfers.request.error.same_account);
	});

	test("ends once", () => {
		spec(transfers).given(requested).when("complete", { id: "t" }).then(completed);
		spec(transfers).given(requested).when("refuse", refusal).then(Transfers.refused(refusal));
		spec(transfers).given(requested, completed).when("complete", { id: "t" }).then();
		spec(transfers).given(requested, completed).when("refuse", refusal).then();
	});

	test("that nobody requested does not end", () => {
		spec(transfers).when("complete", { id: "t" }).thenError(Transfers.complete.error.unknown_transfer);
		spec(transfers).when("refuse", refusal).thenError(Transfers.refuse.error.unknown_transfer);
	});
});
