import type { OnceStore } from "@allium/core";
import { BackendLab, type BackendSetup } from "../suite/backend-lab.ts";
import type { SuiteCase } from "../suite/suite-case.ts";

/** The backend that one test of a store of `once` runs against. */
export type OnceStoreSetup = BackendSetup<OnceStore>;

/** An ability that only some backends have. */
export type OnceStoreAbility = "outage";

/** Why a test is skipped without the ability. */
export const withoutOnceStoreAbility: Readonly<Record<OnceStoreAbility, string>> = {
	outage: "the setup cannot kill and restart the server",
};

/** The backend of one test, and what the test opened on it. */
export class OnceStoreLab extends BackendLab<OnceStore, OnceStoreSetup> {}

/** A conformance test of the port `OnceStore`. */
export type OnceStoreCase = SuiteCase<OnceStoreLab, OnceStoreAbility>;
