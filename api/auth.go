package api

import (
	"errors"
	"net/http"
	"strings"

	"florin/access"
	"florin/problem"
)

// authorize lets a request pass whose API key opens the route.
func (c *call) authorize() error {
	rt := c.route
	if rt.open {
		return nil
	}
	header := c.r.Header["Authorization"]
	if len(header) == 0 {
		return c.refuse(`Bearer realm="florin"`, "send an API key: Authorization: Bearer %s...", c.api.cfg.Mode.Prefix())
	}
	scheme, secret, _ := strings.Cut(header[0], " ")
	if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return c.refuse(`Bearer realm="florin"`, "send one API key: Authorization: Bearer %s...", c.api.cfg.Mode.Prefix())
	}
	key, ok := c.api.cfg.Keys.Find(secret)
	if !ok || !key.RevokedAt.IsZero() {
		detail := "the API key is not known, or was revoked"
		var malformed *problem.Problem
		if errors.As(access.CheckSecret(c.api.cfg.Mode, secret), &malformed) {
			detail = malformed.Detail
		}
		return c.refuse(`Bearer realm="florin", error="invalid_token"`, "%s", detail)
	}
	c.key, c.keyed = key.Hash, true
	if err := c.limit(key); err != nil {
		return err
	}
	write := c.r.Method != http.MethodGet && c.r.Method != http.MethodHead
	if !key.Allows(rt.scope, write) {
		return problem.New(problem.Forbidden, "this needs an API key with the scope %s", scopeNames(rt.scope, write))
	}
	return nil
}

// scopeNames names the scopes of which a key must have one.
func scopeNames(scope access.Scope, write bool) string {
	switch {
	case scope == access.Admin || scope == access.Read:
		return string(scope)
	case write:
		return string(scope) + " or " + string(access.Admin)
	}
	return string(scope) + " or " + string(access.Read)
}

// refuse asks for a better API key.
func (c *call) refuse(challenge, detail string, args ...any) error {
	c.w.Header()["Www-Authenticate"] = []string{challenge}
	return problem.New(problem.Unauthorized, detail, args...)
}

func joined(words []string) string { return strings.Join(words, ", ") }
