using System.Globalization;
using Seguro.Core;

namespace Seguro.Harbor.Format;

/// <summary>Events that a target lacks in its middle: the log that it is filled from no longer had them. Of several gaps, from the first one's beginning to the last one's end.</summary>
/// <param name="First">The first event that is not there.</param>
/// <param name="Last">The last one.</param>
public readonly record struct HarborGap(EventNumber First, EventNumber Last)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First} to {Last}");
}
