import { type Contract, contract, type EventSpec, event, type MethodSpec, method } from "@allium/core";
import { type Given, given } from "../suite/given.ts";

/** The data of the suite's runs. */
export interface Job {
	readonly id: string;
	/** The account that it pays. */
	readonly to: string;
}

type JobEvent = EventSpec<Given<Job>>;

/** The events that begin runs, that runs receive, and that they publish. */
export const Jobs: Contract<{
	readonly begun: JobEvent;
	readonly approved: JobEvent;
	readonly done: JobEvent;
}> = contract("suite-jobs", {
	begun: event({ key: "id", data: given<Job>() }),
	approved: event({ key: "id", data: given<Job>() }),
	done: event({ key: "id", data: given<Job>() }),
});

type Errors = { readonly closed: { readonly code: "failed_precondition"; readonly message: string } };
type Balance = { readonly of: string };

/** The service that runs call. */
export const Accounts: Contract<{
	readonly deposit: MethodSpec<Given<Job>, Given<Balance>, Errors>;
}> = contract("suite-accounts", {
	deposit: method({
		input: given<Job>(),
		output: given<Balance>(),
		errors: { closed: { code: "failed_precondition", message: "it is closed" } },
	}),
});
