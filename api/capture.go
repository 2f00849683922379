package api

import (
	"net/http"

	"florin/flow"
	"florin/ident"
	"florin/payment"
)

var captureMembers = []string{"amount", "final"}

// CaptureRequest takes money on an authorization.
type CaptureRequest struct {
	Amount int64 `json:"amount,omitempty" minimum:"1" doc:"In minor units; all that is left by default." example:"500"`
	Final  bool  `json:"final,omitempty" doc:"Release what is left; by default if the gateway captures only once."`
}

// CapturedPayment is a payment, and the capture that was asked for.
type CapturedPayment struct {
	Payment
	Capture Capture `json:"capture"`
}

// capturePayment answers POST /api/v1/payments/{id}/capture: the payment, with
// the capture in it. A capture that the gateway refuses is told too, with the
// status failed.
func (c *call) capturePayment() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	id, err := c.pathID(ident.Payment)
	if err != nil {
		return err
	}
	r := flow.Capture{Payment: id}
	err = c.decode(maxBody, true, func(d *decoder) {
		d.members(captureMembers, func(name string) {
			switch name {
			case "amount":
				r.Minor = d.positive()
			case "final":
				r.Final = new(d.boolean())
			}
		})
	})
	if err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	result, err := c.api.cfg.Flows.Capture(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(result.Replayed)
	c.out = appendPayment(c.out[:0], &result.Payment, c.api.live())
	c.out = appendName(c.out[:len(c.out)-1], "capture")
	if c.out, err = appendJSON(c.out, c.api.capture(result.Payment, result.Capture)); err != nil {
		return err
	}
	c.out = append(c.out, '}')
	status := http.StatusOK
	if result.Capture.Status == payment.OperationPending {
		status = http.StatusAccepted
	}
	c.send(status, jsonType)
	return nil
}
