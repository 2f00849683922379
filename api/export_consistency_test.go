package api

import (
	"slices"

	"florin/store"
)

// PlacesText is placesText.
func PlacesText(places []store.Place) string { return placesText(places) }

// StaleRoutes lists the routes whose answers may be stale, sorted.
func StaleRoutes() (list []string) {
	for _, rt := range routes() {
		if rt.doc.stale {
			list = append(list, rt.pattern())
		}
	}
	slices.Sort(list)
	return list
}
