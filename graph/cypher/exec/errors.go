package exec

import (
	"errors"
	"fmt"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/value"
)

// fail is a failure of the run at a place of the text; line and column are found when it leaves the package.
func fail(at ast.Node, typ, detail, format string, args ...any) error {
	e := &ast.Error{Type: typ, Phase: ast.PhaseRuntime, Detail: detail, Message: fmt.Sprintf(format, args...)}
	if at != nil {
		e.Offset = at.Pos().Start
	}
	return e
}

func missingParameter(name string, offset int) error {
	return &ast.Error{
		Type: "ParameterMissing", Phase: ast.PhaseCompile, Detail: "MissingParameter", Offset: offset,
		Message: fmt.Sprintf("parameter $%s is not given", name),
	}
}

// placed gives an error of this package its line and column.
func placed(text string, err error) error {
	var e *ast.Error
	if errors.As(err, &e) && e.Line == 0 {
		e.Line, e.Column = ast.Position(text, e.Offset)
	}
	return err
}

// explain puts the errors of functions, of values and of drafts into openCypher's words.
func explain(at ast.Node, err error) error {
	var (
		function  *fn.Error
		operand   *value.OperandError
		temporal  *value.TemporalError
		typ       *graph.PropertyTypeError
		connected *graph.ConnectedError
		unique    *graph.UniqueViolation
		lacking   *graph.MissingPropertyError
		missing   *graph.NotFoundError
		exists    *graph.AlreadyExistsError
		owned     *graph.OwnedIndexError
		no        *graph.UnsupportedError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &function):
		return fail(at, function.Type, function.Detail, "%s", function.Message)
	case errors.As(err, &operand):
		return fail(at, ast.TypeError, "InvalidArgumentType", "%s", operand.Error())
	case errors.Is(err, value.ErrIntegerOverflow):
		return fail(at, "ArithmeticError", "IntegerOverflow", "the result does not fit into a 64-bit integer")
	case errors.Is(err, value.ErrDivisionByZero):
		return fail(at, "ArithmeticError", "DivisionByZero", "an integer was divided by zero")
	case errors.As(err, &temporal):
		return fail(at, "ArgumentError", "InvalidArgumentValue", "%s", temporal.Message)
	case errors.As(err, &typ):
		return fail(at, ast.TypeError, "InvalidPropertyType", "%s", typ.Error())
	case errors.As(err, &connected):
		return fail(at, constraintFailed, "DeleteConnectedNode", "%s", connected.Error())
	case errors.As(err, &unique):
		return fail(at, constraintFailed, "UniqueConstraintViolation", "%s", unique.Error())
	case errors.As(err, &lacking):
		return fail(at, constraintFailed, "PropertyExistenceViolation", "%s", lacking.Error())
	case errors.As(err, &missing) && missing.Name != "":
		return fail(at, "EntityNotFound", "SchemaNotFound", "%s", missing.Error())
	case errors.As(err, &missing):
		return fail(at, "EntityNotFound", "DeletedEntityAccess", "%s", missing.Error())
	case errors.As(err, &exists):
		return fail(at, ast.SemanticError, "AlreadyExists", "%s", exists.Error())
	case errors.As(err, &owned):
		return fail(at, constraintFailed, "IndexBelongsToConstraint", "%s", owned.Error())
	case errors.As(err, &no):
		return fail(at, ast.SemanticError, "UnsupportedFeature", "%s is not supported", no.Feature)
	}
	return err
}

const constraintFailed = "ConstraintVerificationFailed"

func deleted(at ast.Node, what string) error {
	return fail(at, "EntityNotFound", "DeletedEntityAccess", "the %s was deleted in this statement", what)
}
