package vault

import (
	"strconv"
	"time"

	"florin/ident"
)

// Delete returns the payment method as it is left once it is deleted: without
// its card data.
func Delete(m PaymentMethod, at time.Time) PaymentMethod {
	m.DeletedAt, m.Sealed = at, nil
	m.Version++
	return m
}

// EventData returns the data of the payment method's present version's event.
func (m PaymentMethod) EventData() []byte {
	data := append([]byte(nil), `{"id":"`...)
	data = m.ID.Append(data, ident.PaymentMethod)
	data = append(data, `","object":"payment_method","user_id":`...)
	data = strconv.AppendInt(data, m.UserID, 10)
	data = append(data, `,"brand":"`...)
	data = append(data, m.Brand...)
	data = append(data, `","deleted":`...)
	data = strconv.AppendBool(data, !m.DeletedAt.IsZero())
	return append(data, '}')
}
