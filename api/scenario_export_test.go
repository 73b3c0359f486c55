package api

import "context"

// MethodCypher is the peer method that forwarded queries go to.
const MethodCypher = methodCypher

// Letter is a write as it travels to the leader of a term.
func (s *Service) Letter(ctx context.Context, request Request, term uint64) ([]byte, error) {
	ctx, r, err := s.prepare(ctx, request)
	if err != nil {
		return nil, err
	}
	defer r.cancel()
	return encodeRemote(r, newRequestID(), term, remaining(ctx))
}
