// Package mcp is the door for agents: a tenant's graph as tools over the Model Context Protocol.
//
// A walk:
//
//	Door.Serve       one HTTP request of a live key, which api/rest authenticated and admitted; no session outlives it
//	gate             the tools that the key may call, and no others: what it may not call does not exist for it
//	table            the tools, one row each: function, description, hints, arguments, work
//	arguments        a call's arguments, held against the row's fields; numbers stay exact
//	Service.Cypher   nearly every tool is one query, under the tool's own function, charged and audited as any other
//	result           rows and errors as data: capped, control characters escaped, truncation said
//
// Invariants: nothing is served that is not in the table. Whether a query only reads is decided by its plan. Descriptions
// are constants: no text of a tenant is ever in them. A key sees and calls exactly the tools of its functions.
//
// It must never know more of the service than the methods that api.Service shows to every door.
package mcp
