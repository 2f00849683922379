package bench

import (
	"encoding/json"
	"strconv"
	"time"
)

// The paths that a load speaks to.
const (
	pathPayments = "/api/v1/payments"
	pathBatch    = "/api/v1/payments/batch"
	pathMethods  = "/api/v1/payment_methods"
	pathRefunds  = "/api/v1/refunds"
	pathWallets  = "/api/v1/wallets"
)

// currency is what every payment of a load is made in.
const currency = "USD"

// Payment is one payment to ask for, or another thing as its kind says.
type Payment struct {
	kind   kind
	UserID int64
	To     int64  // of a transfer: whose wallet it goes to
	Of     string // of a capture or a refund: the payment
	Minor  int64  // in USD
	Method string // the user's stored card
	// Device and OccurredAt are told as risk; a replay alone has them.
	Device     string
	OccurredAt time.Time
}

// Request is one POST.
type Request struct {
	Path string
	Key  []byte // Idempotency-Key; empty for none
	Body []byte
}

// appendPayment appends what POST /api/v1/payments takes, confirmed at once.
// Methods and devices are written by this package and need no escapes.
func appendPayment(dst []byte, p *Payment) []byte {
	dst = append(dst, `{"user_id":`...)
	dst = strconv.AppendInt(dst, p.UserID, 10)
	dst = append(dst, `,"amount":`...)
	dst = strconv.AppendInt(dst, p.Minor, 10)
	dst = append(dst, `,"currency":"`+currency+`","payment_method":"`...)
	dst = append(dst, p.Method...)
	dst = append(dst, `","confirm":true`...)
	if p.kind == authorizes {
		dst = append(dst, `,"capture_method":"manual"`...)
	}
	if !p.OccurredAt.IsZero() {
		dst = append(dst, `,"risk":{"device":"`...)
		dst = append(dst, p.Device...)
		dst = append(dst, `","occurred_at":"`...)
		dst = p.OccurredAt.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
		dst = append(dst, `"}`...)
	}
	return append(dst, '}')
}

// appendBatch appends what POST /api/v1/payments/batch takes.
func appendBatch(dst []byte, payments []Payment) []byte {
	dst = append(dst, `{"payments":[`...)
	for i := range payments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendPayment(dst, &payments[i])
	}
	return append(dst, `]}`...)
}

// testCard is the number that every gateway in test mode approves.
const testCard = "4242424242424242"

// cardBody is what POST /api/v1/payment_methods takes, for the test card.
func cardBody(userID int64, now time.Time) ([]byte, error) {
	type card struct {
		Number   string `json:"number"`
		ExpMonth int    `json:"exp_month"`
		ExpYear  int    `json:"exp_year"`
		CVC      string `json:"cvc"`
		Name     string `json:"name"`
	}
	return json.Marshal(struct {
		UserID int64 `json:"user_id"`
		Card   card  `json:"card"`
	}{userID, card{testCard, 12, now.Year() + 3, "123", "Florin Bench"}})
}
