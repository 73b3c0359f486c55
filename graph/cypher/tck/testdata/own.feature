Feature: Own

  Scenario: text functions
    Given any graph
    When executing query:
      """
      RETURN left('hello', 2) AS l, right('hello', 2) AS r, substring('hello', 1, 3) AS s, trim('  x ') AS t,
             btrim('xxaxx', 'x') AS b, toUpper('ab') AS u, lower('AB') AS w, replace('banana', 'a', 'o') AS p,
             split('a,b', ',') AS sp, char_length('öa') AS c, isEmpty('') AS e, reverse('abc') AS rev
      """
    Then the result should be, in any order:
      | l    | r    | s     | t   | b   | u    | w    | p        | sp         | c | e    | rev   |
      | 'he' | 'lo' | 'ell' | 'x' | 'a' | 'AB' | 'ab' | 'bonono' | ['a', 'b'] | 2 | true | 'cba' |
    And no side effects

  Scenario: numeric functions
    Given any graph
    When executing query:
      """
      RETURN abs(-2) AS a, sign(-2.5) AS s, round(2.5) AS r, round(1.249, 1) AS p, round(1.25, 1, 'HALF_EVEN') AS h,
             ceil(1.1) AS c, floor(-1.1) AS f, sqrt(16) AS q, isNaN(0.0 / 0.0) AS n, exp(0) AS e, log10(100) AS l,
             degrees(pi()) AS d
      """
    Then the result should be, in any order:
      | a | s  | r   | p   | h   | c   | f    | q   | n    | e   | l   | d     |
      | 2 | -1 | 3.0 | 1.2 | 1.2 | 2.0 | -2.0 | 4.0 | true | 1.0 | 2.0 | 180.0 |

  Scenario: points
    Given an empty graph
    And having executed:
      """
      CREATE (:Place {at: point({x: 3, y: 4})})
      """
    When executing query:
      """
      MATCH (p:Place)
      RETURN p.at.x AS x, p.at.srid AS srid, p.at.crs AS crs, point.distance(p.at, point({x: 0, y: 0})) AS d,
             point.withinBBox(p.at, point({x: 0, y: 0}), point({x: 5, y: 5})) AS inside, toString(p.at) AS t
      """
    Then the result should be, in any order:
      | x   | srid | crs         | d   | inside | t                                       |
      | 3.0 | 7203 | 'cartesian' | 5.0 | true   | 'point({x: 3.0, y: 4.0, crs: \'cartesian\'})' |

  Scenario: aggregates of durations, deviations and percentiles
    Given any graph
    When executing query:
      """
      UNWIND [1, 2, 3, null] AS x
      RETURN toString(sum(x * duration('PT1H'))) AS s, toString(avg(x * duration('PT1H'))) AS a, stDev(x) AS d,
             percentileDisc(x, 0.5) AS p, percentileCont(x, 0.25) AS c, min(x) AS mi, max(x) AS ma, count(*) AS n,
             count(x) AS m, collect(DISTINCT x % 2) AS k
      """
    Then the result should be, in any order:
      | s      | a      | d   | p | c   | mi | ma | n | m | k      |
      | 'PT6H' | 'PT2H' | 1.0 | 2 | 1.5 | 1  | 3  | 4 | 3 | [1, 0] |

  Scenario: clocks agree within a statement
    Given any graph
    When executing query:
      """
      RETURN datetime() = datetime.statement() AS a, date.transaction() = date() AS b,
             timestamp() = datetime().epochMillis AS c, localdatetime.realtime() >= localdatetime() AS d
      """
    Then the result should be, in any order:
      | a    | b    | c    | d    |
      | true | true | true | true |

  Scenario: random numbers
    Given any graph
    When executing query:
      """
      UNWIND range(1, 100) AS i
      WITH rand() AS r, randomUUID() AS u
      RETURN count(DISTINCT r) AS r, count(DISTINCT u) AS u, min(r) >= 0 AS low, max(r) < 1 AS high
      """
    Then the result should be, in any order:
      | r   | u   | low  | high |
      | 100 | 100 | true | true |

  Scenario: lists of conversions and types
    Given any graph
    When executing query:
      """
      RETURN toIntegerList(['1', 'x', 2.5]) AS i, toStringOrNull({}) AS s, toFloatOrNull(true) AS f,
             valueType([1, 'a']) AS v, nullIf(1, 1.0) AS n, coalesce(null, 'c') AS c
      """
    Then the result should be, in any order:
      | i            | s    | f    | v                                           | n    | c   |
      | [1, null, 2] | null | null | 'LIST<INTEGER NOT NULL \| STRING NOT NULL> NOT NULL' | null | 'c' |

  Scenario: ids
    Given an empty graph
    And having executed:
      """
      CREATE ()-[:R]->()
      """
    When executing query:
      """
      MATCH (a)-[r]->(b)
      RETURN id(a) AS a, elementId(b) AS b, elementId(r) AS r, id(startNode(r)) AS s, id(endNode(r)) AS e
      """
    Then the result should be, in any order:
      | a | b     | r     | s | e |
      | 0 | 'n:1' | 'r:0' | 0 | 1 |

  Scenario: a missing parameter
    Given any graph
    When executing query:
      """
      WITH $missing AS v RETURN v AS x
      """
    Then a ParameterMissing should be raised at compile time: MissingParameter

  Scenario: an argument that cannot be right
    Given any graph
    When executing query:
      """
      UNWIND [1] AS v RETURN toUpper(v) AS x
      """
    Then a SyntaxError should be raised at compile time: InvalidArgumentType

  Scenario Outline: wrong values: <call>
    Given any graph
    When executing query:
      """
      UNWIND [<value>] AS v RETURN <call> AS x
      """
    Then a <type> should be raised at runtime: <detail>

    Examples:
      | value                | call                  | type            | detail               |
      | -1                   | left('a', v)          | ArgumentError   | NumberOutOfRange     |
      | 9223372036854775807  | abs(-v - 1)           | ArithmeticError | IntegerOverflow      |
      | '2015-02-30'         | date(v)               | ArgumentError   | InvalidArgumentValue |
      | 'eon'                | date.truncate(v)      | ArgumentError   | InvalidArgumentValue |
      | {x: 1}               | point(v)              | ArgumentError   | InvalidArgumentValue |
      | [1][0]               | toUpper(head([v, 'a'])) | TypeError     | InvalidArgumentValue |
      | 0                    | range(1, 2, v)        | ArgumentError   | NumberOutOfRange     |
      | 9223372036854775807  | sum(v) + 1            | ArithmeticError | IntegerOverflow      |
      | 1                    | v / 0                 | ArithmeticError | DivisionByZero       |
