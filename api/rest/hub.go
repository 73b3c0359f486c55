package rest

import "github.com/hivellm/nexus/hivehub"

// hubEvent is POST /hivehub/events: the hub tells that something changed. The body is proof and never data: all that comes
// of it is that the leader asks the hub, before this is answered.
func (s *Server) hubEvent(c *call) error {
	header := c.request.Header
	one := func(name string) string {
		if values := header.Values(name); len(values) == 1 {
			return values[0]
		}
		return "" // missing, or not one: no signature is made over it
	}
	err := s.service.HubEvent(c.context, hivehub.SignedEvent{
		Signature: one(hivehub.HeaderSignature), Timestamp: one(hivehub.HeaderTimestamp), Nonce: one(hivehub.HeaderNonce), Body: c.body,
	})
	if err != nil {
		return err
	}
	return c.done()
}
