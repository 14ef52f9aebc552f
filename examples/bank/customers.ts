/** The customers that the bank has when it opens. */
export const customers = [
	{ account: "ann", card: "card-ann", opening: 100_00 },
	{ account: "ben", card: "card-ben", opening: 20_00 },
] as const;
