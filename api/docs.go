package api

import (
	_ "embed" // of the page
	"net/http"
	"strings"
)

var (
	//go:embed docs/page.html
	docsPage string
	//go:embed docs/style.css
	docsStyle string
	//go:embed docs/script.js
	docsScript string
)

// docsText is the page in one piece: it loads nothing but /openapi.json.
var docsText = strings.NewReplacer("/* style.css */", docsStyle, "/* script.js */", docsScript).Replace(docsPage)

var htmlType = []string{"text/html; charset=utf-8"}

// docs answers GET /docs.
func (c *call) docs() error {
	header := c.w.Header()
	header.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	c.out = append(c.out[:0], docsText...)
	c.send(http.StatusOK, htmlType)
	return nil
}
