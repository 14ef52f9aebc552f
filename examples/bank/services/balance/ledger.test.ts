import { spec } from "@allium/testing";
import { test } from "vitest";
import { Balance } from "./contract.ts";
import { ledger } from "./ledger.ts";

const opened = Balance.opened({ account: "ann", amount: 1_000 });
const payment = { id: "1", account: "ann", amount: 300 };
const { insufficient_funds, unknown_account } = Balance.debit.error;

test("an account is opened once", () => {
	spec(ledger).when("open", { account: "ann", amount: 1_000 }).then(opened);
	spec(ledger).given(opened).when("open", { account: "ann", amount: 5 }).then();
});

test("what is there can be taken, to the last penny", () => {
	spec(ledger).given(opened).when("debit", payment).then(Balance.debited(payment));
	const rest = { ...payment, id: "2", amount: 700 };
	spec(ledger).given(opened, Balance.debited(payment)).when("debit", rest).then(Balance.debited(rest));
});

test("more than is there cannot", () => {
	spec(ledger)
		.given(opened, Balance.debited(payment), Balance.credited({ ...payment, amount: 1 }))
		.when("debit", { ...payment, id: "2", amount: 702 })
		.thenError(insufficient_funds, { available: 701 });
});

test("money is put on an account", () => {
	spec(ledger).given(opened).when("credit", payment).then(Balance.credited(payment));
});

test("nothing moves on an account that was never opened", () => {
	spec(ledger).when("debit", payment).thenError(unknown_account);
	spec(ledger).when("credit", payment).thenError(Balance.credit.error.unknown_account);
});
