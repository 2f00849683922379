package api

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"florin/access"
	"florin/payment"
)

// metadata reads pairs of strings.
func (d *decoder) metadata() map[string]string {
	var pairs map[string]string
	d.object(func(key []byte) {
		name := string(key)
		d.enter(step{index: -1, name: name})
		switch _, twice := pairs[name]; {
		case name == "" || utf8.RuneCountInString(name) > maxMetadataKey:
			d.enter(step{index: -1})
			d.invalid("keys have 1 to %d characters", maxMetadataKey)
		case twice:
			d.invalid("stands twice")
		case len(pairs) == maxMetadata:
			d.enter(step{index: -1})
			d.invalid("has more than %d keys", maxMetadata)
		}
		if pairs == nil {
			pairs = make(map[string]string)
		}
		pairs[name] = d.text(maxMetadataValue)
	})
	return pairs
}

// address reads an absolute URL of the web.
func (d *decoder) address() string {
	text := d.text(maxURL)
	if d.err != nil {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		d.invalid("must be an absolute http or https URL")
	}
	return text
}

func (d *decoder) customer() *payment.Customer {
	customer := new(payment.Customer)
	d.members(customerMembers, func(name string) {
		switch name {
		case "email":
			customer.Email = d.text(maxEmail)
		case "name":
			customer.Name = d.text(maxName)
		}
	})
	return customer
}

func (d *decoder) risk(mode access.Mode) *payment.Risk {
	risk := new(payment.Risk)
	d.members(riskMembers, func(name string) {
		switch name {
		case "ip":
			risk.IP = d.text(maxDevice)
			if addr, err := netip.ParseAddr(risk.IP); err != nil || addr.Zone() != "" {
				d.invalid("must be an IPv4 or IPv6 address")
			}
		case "device":
			risk.Device = d.text(maxDevice)
		case "terminal":
			risk.Terminal = d.text(maxDevice)
		case "billing_country":
			risk.BillingCountry = d.country()
		case "occurred_at":
			risk.OccurredAt = d.occurred(mode)
		}
	})
	return risk
}

// country reads two letters of ISO 3166-1.
func (d *decoder) country() string {
	code := d.text(maxWord)
	if len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		d.invalid("must be the two letters of a country")
	}
	return strings.ToUpper(code)
}

func (d *decoder) occurred(mode access.Mode) time.Time {
	text := d.text(maxWord)
	if d.err == nil && mode != access.Test {
		d.invalid("can be told in test mode only")
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		d.invalid("must be an RFC 3339 time")
	}
	return at.UTC().Truncate(time.Millisecond)
}
