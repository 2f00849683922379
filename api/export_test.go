package api

import (
	"florin/access"
	"florin/event"
	"florin/flow"
	"florin/payment"
)

// What the tests of this package see of its inside.

// AppendPayment is appendPayment.
func AppendPayment(dst []byte, p *payment.Payment, live bool) []byte {
	return appendPayment(dst, p, live)
}

// AppendString is appendString.
func AppendString(dst []byte, s string) []byte { return appendString(dst, s) }

// Cursor and ParseCursor are cursor and parseCursor.
func Cursor(positions []event.Position) string { return cursor(positions) }

// ParseCursor is parseCursor.
func ParseCursor(text string, shards int) ([]event.Position, bool) { return parseCursor(text, shards) }

// Decoder is a decoder that is used again and again, as a call's is.
type Decoder struct{ d decoder }

// Payment decodes a payment's request.
func (d *Decoder) Payment(data []byte) (flow.Authorize, error) {
	var r flow.Authorize
	d.d.reset(data)
	d.d.payment(paymentMembers, access.Test, &r)
	return r, d.d.finish()
}

// Any decodes any JSON whose objects have members of the names a to e.
func (d *Decoder) Any(data []byte) (any, error) {
	d.d.reset(data)
	v := d.d.anything()
	return v, d.d.finish()
}

func (d *decoder) anything() any {
	switch d.peek() {
	case '{':
		object := map[string]any{}
		d.members([]string{"a", "b", "c", "d", "e"}, func(name string) { object[name] = d.anything() })
		return object
	case '[':
		array := []any{}
		d.array(func(int) { array = append(array, d.anything()) })
		return array
	case '"':
		return d.text(1 << 20)
	case 't', 'f':
		return d.boolean()
	case 'n':
		d.null()
		return nil
	}
	return float64(d.integer())
}

// Route is one thing that is served.
type Route struct {
	Method, Path string
	Scope        access.Scope
	Open         bool
	Stream       bool // it is answered on and on
}

// Routes lists what is served.
func Routes() []Route {
	var list []Route
	for _, rt := range routes() {
		list = append(list, Route{rt.method, rt.path, rt.scope, rt.open, rt.doc.stream})
	}
	return list
}

// Members lists the members that the decoder knows, by the name of the schema
// that describes them.
func Members() map[string][]string {
	return map[string][]string{
		"PaymentRequest": paymentMembers, "BatchItem": itemMembers, "Customer": customerMembers, "Risk": riskMembers,
		"BatchRequest": batchMembers, "ConfirmRequest": confirmMembers, "CancelRequest": nil,
		"TransferRequest": transferMembers, "TransferItem": transferItemMembers,
		"TransferBatchRequest": transferBatchMembers,
		"RefundRequest":        refundMembers, "MethodRequest": methodMembers, "Card": cardMembers,
		"AdjustmentRequest": adjustmentMembers, "HoldRequest": holdMembers, "CaptureHoldRequest": captureHoldMembers,
		"ReleaseHoldRequest": nil, "PayoutRequest": payoutMembers, "SettlementRequest": settlementMembers,
		"CaptureRequest": captureMembers, "EvidenceRequest": evidenceMembers,
	}
}
