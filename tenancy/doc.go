// Package tenancy says who may do what, and how much. It is floor 0: pure words and pure functions.
//
// A walk: a credential is text ([ParseKey]); its id finds a [KeyRecord] in a [Directory], an immutable snapshot
// of the replicated registry; [Gate.Authenticate] compares hashes and makes a [Principal]. [Gate.Admit] asks the
// tenant's [Account] for its status and the principal for the [Function] of the call. What a [FunctionSet] grants
// is a bit per function. How much a tenant may use stands in its [Limits], each a [Limit] (absent, none or a
// number), laid over those of its [Plan]; [CheckGrowth] judges a change of [Usage] by them. [ID] and [DatabaseID]
// name a tenant and one of its databases; whoever holds neither reaches nothing. [GenerateKey] makes keys from
// randomness that is passed in. How limits of periods and rates are kept by many nodes stands in a room of its own,
// tenancy/ledger.
//
// Invariants:
//   - The zero values refuse: the zero ID is nobody, the zero Principal may nothing, the zero FunctionSet grants
//     nothing, an absent Limit in a check allows nothing.
//   - An unknown key and a wrong secret get the same error after the same local work.
//   - Encoded records depend on the value alone: fixed field order, sorted names.
//   - A secret never leaves through fmt, slog or JSON.
//
// It must never know: the clock (now is a parameter), randomness (a reader is a parameter), the network, the disk,
// goroutines, any wire format of a door, the log, or Cypher.
package tenancy
