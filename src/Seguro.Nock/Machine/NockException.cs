using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>A computation ended without a product.</summary>
public sealed class NockException(NockResult result)
    : SeguroException(ErrorCode.Crashed, $"the computation crashed: %{result.Mote} {NounPrinter.Print(result.Trace, 300)}", "Look at what was computed; the same input crashes on every machine, unless the mote is %meme or %fail.")
{
    /// <summary>The goof.</summary>
    public NockResult Result { get; } = result;
}
