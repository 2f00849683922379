package api

import (
	"github.com/danielgtaylor/huma/v2"
)

var listEventsDoc = operation{
	id: "listEvents", tag: tagEvents, summary: "Read the events", stale: true,
	text: "Oldest first, each object's in the order in which they were committed: from the beginning with after=start, " +
		"behind a page with its next as after. Every page has a next, the last one too: ask again with it, and what has " +
		"happened since comes. Without after it is the latest page, newest first, whose has_more is false and whose next " +
		"reads what comes from now on.",
	query: []*huma.Param{
		queryText("after", "The next of another page; start, or nothing, for the beginning."),
		pageParams[0],
	},
	answers: []answer{{status: 200, text: "A page of events.", object: EventList{
		List: List[Event]{Object: objectList, Data: []Event{exampleEvent}}, Next: "AQEAAAA",
	}}},
}

var streamEventsDoc = operation{
	id: "streamEvents", tag: tagEvents, summary: "Follow the events", stream: true,
	text: "Server-sent events: each has its type as event, its cursor as id and its JSON as data. Without a cursor the " +
		"stream begins now; Last-Event-ID, as browsers send it when they reconnect, or after goes on behind a cursor, " +
		"which is also the next of a page of events. A comment every 15 s shows that the stream lives; it ends when the " +
		"server stops.",
	query: []*huma.Param{
		queryText("after", "Begin behind this cursor; start for the beginning."),
		queryText("type", "Of these types only, separated by commas."),
		queryInteger("user_id", "Of this user only."),
		{
			Name: lastEventHeader, In: "header", Description: "Begin behind this cursor; it goes before after.",
			Schema: &huma.Schema{Type: huma.TypeString},
		},
	},
	answers: []answer{{status: 200, text: "Events, on and on.", media: "text/event-stream"}},
}

var (
	listGatewaysDoc = operation{
		id: "listGateways", tag: tagSystem, summary: "List the gateways",
		answers: []answer{{status: 200, text: "In the order in which they are tried.", object: List[Gateway]{
			Object: objectList, Data: []Gateway{exampleGateway},
		}}},
	}
	getGatewayDoc = operation{
		id: "getGateway", tag: tagSystem, summary: "Get a gateway",
		answers: []answer{{status: 200, text: "The gateway.", object: exampleGateway}},
	}
	patchGatewayDoc = operation{
		id: "configureGateway", tag: tagSystem, summary: "Change a simulated gateway's settings",
		text: "In a test store. What is given replaces the settings of these names, for the calls from now on: how long " +
			"calls take, and how many are declined, lost or failed.",
		body:     SettingsRequest{LatencyMS: 50, DeclineRate: 0.1},
		answers:  []answer{{status: 200, text: "The gateway with its new settings.", object: exampleGateway}},
		problems: []int{409},
	}
	listShardsDoc = operation{
		id: "listShards", tag: tagSystem, summary: "List the shards",
		answers: []answer{{status: 200, text: "By number.", object: List[Shard]{Object: objectList, Data: []Shard{
			{Object: "shard", Index: 0, Status: Healthy, LatencyMS: 0.18, Queue: 3},
		}}}},
	}
)

var (
	healthDoc = operation{
		id: "getHealth", tag: tagSystem, summary: "Check the service",
		text: "The database, Redis and Kafka are asked at the same time; what is not configured is disabled and does not " +
			"count. The HTTP status is 503 only while this process can take no payment.",
		answers: []answer{
			{status: 200, text: "It can take payments.", object: exampleReport},
			{status: 503, text: "It cannot: no shard answers, or it is shutting down.", object: unhealthyReport()},
		},
	}
	livezDoc = operation{
		id: "getLive", tag: tagSystem, summary: "Tell that the process runs",
		answers: []answer{{status: 200, text: "It does.", object: Readiness{Status: "live"}}},
	}
	readyzDoc = operation{
		id: "getReady", tag: tagSystem, summary: "Tell whether the process wants requests",
		text: "It does while at least one shard answers, its clock is the databases' and it is not shutting down.",
		answers: []answer{
			{status: 200, text: "It does.", object: Readiness{Status: "ready"}},
			{status: 503, text: "It does not.", object: Readiness{Status: "draining"}},
		},
	}
	metricsDoc = operation{
		id: "getMetrics", tag: tagSystem, summary: "Read the metrics",
		answers: []answer{{status: 200, text: "In Prometheus' text format.", media: "text/plain"}},
	}
	openapiDoc = operation{
		id: "getOpenAPI", tag: tagSystem, summary: "Get this document",
		answers: []answer{{status: 200, text: "OpenAPI 3.1.", object: map[string]any{"openapi": "3.1.0"}}},
	}
	docsDoc = operation{
		id: "getDocs", tag: tagSystem, summary: "Read this document as a page",
		answers: []answer{{status: 200, text: "The page.", media: "text/html"}},
	}
)

// pageParams are what lists have in common.
var pageParams = []*huma.Param{
	{
		Name: "limit", In: "query", Description: "How many at most.",
		Schema: &huma.Schema{
			Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(float64(maxLimit)), Default: defaultLimit,
		},
	},
	queryText("starting_after", "Only what is older than the object with this id."),
	queryText("ending_before", "Only what is newer than the object with this id, the nearest."),
}

func queryText(name, text string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: text, Schema: &huma.Schema{Type: huma.TypeString}}
}

func queryInteger(name, text string) *huma.Param {
	p := queryText(name, text)
	p.Schema = &huma.Schema{Type: huma.TypeInteger, Format: "int64"}
	return p
}

func queryTime(name, text string) *huma.Param {
	p := queryText(name, text)
	p.Schema.Format = "date-time"
	return p
}

func queryChoice(name, text string, choices ...string) *huma.Param {
	p := queryText(name, text)
	for _, choice := range choices {
		p.Schema.Enum = append(p.Schema.Enum, choice)
	}
	return p
}

func required(p *huma.Param, example any) *huma.Param {
	p.Required, p.Example = true, example
	return p
}
