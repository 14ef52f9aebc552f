/** The codes of the errors of ZooKeeper that mean something here. */
export const zooCodes = {
	unimplemented: -6,
	noNode: -101,
	noAuth: -102,
	nodeExists: -110,
	sessionExpired: -112,
	authFailed: -115,
	sessionMoved: -118,
} as const;

const names: ReadonlyMap<number, string> = new Map([
	[-3, "DataInconsistency"],
	[-5, "MarshallingError"],
	[zooCodes.unimplemented, "Unimplemented"],
	[-8, "BadArguments"],
	[zooCodes.noNode, "NoNode"],
	[zooCodes.noAuth, "NoAuth"],
	[-108, "NoChildrenForEphemerals"],
	[zooCodes.nodeExists, "NodeExists"],
	[-111, "NotEmpty"],
	[zooCodes.sessionExpired, "SessionExpired"],
	[-114, "InvalidACL"],
	[zooCodes.authFailed, "AuthFailed"],
	[zooCodes.sessionMoved, "SessionMoved"],
	[-119, "NotReadOnly"],
	[-125, "QuotaExceeded"],
	[-127, "ThrottledOp"],
]);

/** An error that ZooKeeper itself gave. */
export class ZooFault extends Error {
	readonly code: number;

	constructor(code: number) {
		super(names.get(code) ?? `error ${code}`);
		this.code = code;
	}
}

/** Whether an error is one of ZooKeeper's, of a code. */
export function isFault(error: unknown, code: number): boolean {
	return error instanceof ZooFault && error.code === code;
}
