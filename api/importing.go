package api

import (
	"context"
	"errors"

	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/tenancy"
)

// ImportPiece is one piece of a copy (graph.Copy) on its way into a tenant's database. A database takes it only if it is
// exactly what the pieces before made: the first one an empty database, so nothing is ever mixed. A piece that was taken
// before is taken again without effect.
type ImportPiece struct {
	// Before and After are the digests of the database without and with the piece.
	Before, After graph.Digest
	Changes       graph.Changes
}

// EncodeImportPiece is the body that a door takes.
func EncodeImportPiece(piece *ImportPiece) ([]byte, error) { return wire.Marshal(piece) }

// DecodeImportPiece is its inverse.
func DecodeImportPiece(encoded []byte) (*ImportPiece, error) {
	piece := new(ImportPiece)
	if err := wire.Unmarshal(encoded, piece); err != nil {
		return nil, Refuse(CodeBadRequest, "the body is no piece of a copy: %s", err)
	}
	return piece, nil
}

// Import names where a piece goes.
type Import struct {
	// Tenant is its id, Database a name; the database is made where the tenant has none of that name.
	Tenant, Database string
	// Piece is nil for one who only asks where the import stands.
	Piece *ImportPiece
}

// ImportState is what the database holds now.
type ImportState struct {
	Digest                      graph.Digest
	Nodes, Relationships, Bytes uint64
}

// ImportTenant puts a piece of a copy into a tenant's database, under the tenant's state limits, and tells what it holds.
// One that holds anything else than the pieces before is left alone: ALREADY_EXISTS.
func (s *Service) ImportTenant(ctx context.Context, p tenancy.Principal, in Import) (ImportState, error) {
	return do[Import, ImportState](s, ctx, p, "tenant.import", in)
}

func (s *Service) importTenant(ctx context.Context, _ tenancy.Principal, in Import) (ImportState, uint64, error) {
	account, err := findTenant(s.machine.Registry(), in.Tenant)
	if err != nil {
		return ImportState{}, 0, err
	}
	if in.Piece == nil {
		return s.importedSoFar(ctx, account.ID, in.Database)
	}
	place, err := s.importPlace(ctx, account.ID, in.Database)
	if err != nil {
		return ImportState{}, 0, err
	}
	var made graph.Meta
	job := &lane.Job{
		Request: newRequestID(),
		Draft: func(on *graph.Graph, stamp graph.Stamp) (draft *graph.Draft, summary cypher.Summary, err error) {
			if draft, err = importDraft(on, stamp, in.Piece); err == nil {
				made = draft.Graph().Meta()
			}
			return draft, summary, err
		},
	}
	result, err := s.lanes.Run(ctx, s.lanes.Term(), place, job)
	if err != nil {
		return ImportState{}, 0, err
	}
	return importStateOf(made), result.Index, nil
}

func importStateOf(m graph.Meta) ImportState {
	return ImportState{Digest: m.Digest, Nodes: m.Nodes, Relationships: m.Relationships, Bytes: m.Bytes}
}

// importedSoFar tells what the database holds, as a strong read sees it; nothing where there is none of the name.
func (s *Service) importedSoFar(ctx context.Context, tenant tenancy.ID, name string) (ImportState, uint64, error) {
	if err := s.catchUp(ctx); err != nil {
		return ImportState{}, 0, err
	}
	index := s.machine.Applied()
	database, err := findDatabase(s.machine.Registry(), tenant, name)
	if isNotFound(err) {
		return ImportState{}, index, nil
	}
	if err != nil {
		return ImportState{}, 0, err
	}
	meta, err := s.machine.Meta(tenant, database.Number)
	return importStateOf(meta), index, err
}

// importPlace finds the database, or makes it.
func (s *Service) importPlace(ctx context.Context, tenant tenancy.ID, name string) (lane.Place, error) {
	database, err := findDatabase(s.machine.Registry(), tenant, name)
	if isNotFound(err) {
		result, failed := s.command(ctx, func(h fsm.Header) fsm.Command {
			return &fsm.CreateDatabase{Header: h, Tenant: tenant, Name: name}
		})
		if made, ok := result.Value.(*fsm.Database); ok {
			database = *made
		}
		err = failed
	}
	return lane.Place{Tenant: tenant, Database: database.Number}, err
}

func isNotFound(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code == CodeNotFound
}

// importDraft plays a piece on the version it gets: every bound and constraint holds as for any write, and what counts for
// storage is computed here.
func importDraft(on *graph.Graph, stamp graph.Stamp, piece *ImportPiece) (*graph.Draft, error) {
	draft := graph.NewDraft(on, stamp, graph.DraftLimits{MaxOperations: lane.MaxOperations, MaxBytes: lane.MaxCommandBytes})
	has := on.Meta().Digest
	switch {
	case has == piece.After: // a piece that comes again
		return draft, nil
	case has != piece.Before && has == (graph.Digest{}):
		return nil, Refuse(CodeConflict, "the database is empty: the import begins with its first piece")
	case has != piece.Before:
		return nil, Refuse(CodeAlreadyExists, "the database holds something else than this import left in it (digest %s): an import goes into an empty database", has)
	}
	switch err := draft.Replay(piece.Changes); {
	case errors.Is(err, graph.ErrBuilding):
		return nil, err
	case err != nil:
		return nil, Refuse(CodeBadRequest, "the piece cannot be played: %s", err)
	}
	if made := draft.Graph().Meta().Digest; made != piece.After {
		return nil, Refuse(CodeBadRequest, "the piece makes digest %s, not %s as it says: it was changed on its way", made, piece.After)
	}
	return draft, nil
}
