package api

// Code names one kind of refusal. The table below is the only place where a code has a status and an exit code.
type Code string

// The codes of INTERFACE.
const (
	CodeAuthenticationRequired Code = "AUTHENTICATION_REQUIRED"
	CodeInvalidToken           Code = "INVALID_TOKEN"
	CodeFunctionNotAllowed     Code = "FUNCTION_NOT_ALLOWED"
	CodeTenantSuspended        Code = "TENANT_SUSPENDED"
	CodeStorageQuotaExceeded   Code = "STORAGE_QUOTA_EXCEEDED"
	CodeControlPlaneExpired    Code = "CONTROL_PLANE_EXPIRED"
	CodeNotFound               Code = "NOT_FOUND"
	CodeMethodNotAllowed       Code = "METHOD_NOT_ALLOWED"
	CodeRateLimitExceeded      Code = "RATE_LIMIT_EXCEEDED"
	CodeQuotaExceeded          Code = "QUOTA_EXCEEDED"
	CodeQuerySyntax            Code = "QUERY_SYNTAX"
	CodeQuerySemantic          Code = "QUERY_SEMANTIC"
	CodeQueryType              Code = "QUERY_TYPE"
	CodeParameterMissing       Code = "PARAMETER_MISSING"
	CodeBadRequest             Code = "BAD_REQUEST"
	CodeBookmarkInvalid        Code = "BOOKMARK_INVALID"
	CodeConstraintViolation    Code = "CONSTRAINT_VIOLATION"
	CodeAlreadyExists          Code = "ALREADY_EXISTS"
	CodeConflict               Code = "CONFLICT"
	CodeUnknownOutcome         Code = "UNKNOWN_OUTCOME"
	CodeQueryLimitExceeded     Code = "QUERY_LIMIT_EXCEEDED"
	CodeQueryKilled            Code = "QUERY_KILLED"
	CodeIdempotencyMismatch    Code = "IDEMPOTENCY_MISMATCH"
	CodePayloadTooLarge        Code = "PAYLOAD_TOO_LARGE"
	CodeNoLeader               Code = "NO_LEADER"
	CodeNotReady               Code = "NOT_READY"
	CodeOverloaded             Code = "OVERLOADED"
	CodeDraining               Code = "DRAINING"
	CodeAuthStale              Code = "AUTH_STALE"
	CodeStale                  Code = "STALE"
	CodeDatabaseUnavailable    Code = "DATABASE_UNAVAILABLE"
	CodeInternal               Code = "INTERNAL"
)

// Traits of a code: HTTP status, whether the same request may be sent again, the command line's exit code, a title.
type Traits struct {
	Status    int
	Retryable bool
	Exit      int
	Title     string
}

// Exit codes of the command line.
const (
	ExitOK           = 0
	ExitFailure      = 1
	ExitUsage        = 2
	ExitNotFound     = 3
	ExitPermission   = 4
	ExitUnavailable  = 5
	ExitQuota        = 6
	ExitConflict     = 7
	ExitPartlyDone   = 8
	retryAfterSecond = 1
)

var codes = map[Code]Traits{
	CodeAuthenticationRequired: {401, false, ExitPermission, "A key is required"},
	CodeInvalidToken:           {401, false, ExitPermission, "The key is not valid"},
	CodeFunctionNotAllowed:     {403, false, ExitPermission, "The key may not use this function"},
	CodeTenantSuspended:        {403, false, ExitPermission, "The tenant is suspended"},
	CodeStorageQuotaExceeded:   {403, false, ExitQuota, "A state quota is used up"},
	CodeControlPlaneExpired:    {403, false, ExitPermission, "The control plane has not been heard of for too long"},
	CodeNotFound:               {404, false, ExitNotFound, "Not found"},
	CodeMethodNotAllowed:       {405, false, ExitUsage, "Method not allowed"},
	CodeRateLimitExceeded:      {429, true, ExitQuota, "Too many requests"},
	CodeQuotaExceeded:          {429, false, ExitQuota, "The period's quota is used up"},
	CodeQuerySyntax:            {400, false, ExitFailure, "The query cannot be parsed"},
	CodeQuerySemantic:          {400, false, ExitFailure, "The query makes no sense"},
	CodeQueryType:              {400, false, ExitFailure, "A value has the wrong type"},
	CodeParameterMissing:       {400, false, ExitFailure, "A parameter is missing"},
	CodeBadRequest:             {400, false, ExitUsage, "The request is malformed"},
	CodeBookmarkInvalid:        {400, false, ExitUsage, "The bookmark is not valid here"},
	CodeConstraintViolation:    {409, false, ExitConflict, "A constraint refuses the write"},
	CodeAlreadyExists:          {409, false, ExitConflict, "It exists already"},
	CodeConflict:               {409, true, ExitConflict, "It conflicts with what happened meanwhile"},
	CodeUnknownOutcome:         {409, false, ExitConflict, "The outcome of the write is unknown"},
	CodeQueryLimitExceeded:     {422, false, ExitFailure, "The query reached a limit"},
	CodeQueryKilled:            {422, false, ExitFailure, "The query was killed"},
	CodeIdempotencyMismatch:    {422, false, ExitUsage, "The idempotency key was used for another request"},
	CodePayloadTooLarge:        {413, false, ExitUsage, "The body is too large"},
	CodeNoLeader:               {503, true, ExitUnavailable, "The cluster has no leader now"},
	CodeNotReady:               {503, true, ExitUnavailable, "This node is not ready"},
	CodeOverloaded:             {503, true, ExitUnavailable, "This node has too much to do"},
	CodeDraining:               {503, true, ExitUnavailable, "This node is being drained"},
	CodeAuthStale:              {503, true, ExitUnavailable, "This node has not heard of its leader for too long to authorize"},
	CodeStale:                  {503, true, ExitUnavailable, "This node is not recent enough"},
	CodeDatabaseUnavailable:    {503, true, ExitUnavailable, "The database is not available on this node"},
	CodeInternal:               {500, false, ExitFailure, "Internal error"},
}

// Traits returns the code's row of the table; an unknown code is an internal error.
func (c Code) Traits() Traits {
	if t, ok := codes[c]; ok {
		return t
	}
	return codes[CodeInternal]
}
