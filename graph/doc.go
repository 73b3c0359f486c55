// Package graph is the property graph: immutable versions, private drafts, and the one application of changes.
//
// A walk: Load folds a database's records into a [Graph], a version that any number of goroutines read without a lock.
// NewDraft makes a private version above it; its methods change pages that the draft owns, copying each page of the
// base once, and record what they did as operations. Graph() freezes what is so far: later writes copy again, so a
// reader never sees a page move. Changes() hands out the operations with their own string table. Apply plays such
// operations on the version they were computed on (resident), or on the stored records alone (cold), and gives an
// Output: the next version, its Meta with exact counts, bytes and digest, and the records to write. WriteTo puts them
// into a store batch; an Output that is dropped leaves nothing behind. The draft, Apply and Load all change entities
// through the same mutation type, so that memory, disk and digest cannot disagree.
//
// Constraints are of three kinds. Uniqueness is kept by each write, through the constraint's index. Existence, and the
// part of a key that is like it, is asked at the end of a statement (Draft.Check), of a replay, of changes that are applied
// and of a load: what lacked a property when it was written is noted, and looked at again then.
//
// Every version knows what it takes in memory (MemoryBytes): pages and what they hold are summed up as they are written,
// trees by their sizes. LoadWithin gives a load up that takes too much.
//
// Invariants: a page is changed in place only by the mutation whose token it carries; a frozen version is never
// written; interned ids are private to one database and only grow; ids of entities are never given twice; Meta is
// settled in every frozen version.
//
// The package never knows tenants, the log, queries, clocks or files.
package graph
