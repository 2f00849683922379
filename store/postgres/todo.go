package postgres

import "errors"

var errLater = errors.New("not here yet")
