namespace Seguro.Nouns;

/// <summary>
/// The 256 first and the 256 last syllables of which the names of ships are made, by the byte that each stands for.
/// </summary>
/// <remarks>
/// The tables are data of the Urbit network. They are taken from the npm package <c>urbit-ob</c> 5.0.1
/// (<c>src/internal/co.js</c>), MIT licence, Copyright (c) 2019 Tlon.
/// </remarks>
static class Syllables
{
    /// <summary>The letters of a syllable.</summary>
    public const int Length = 3;

    private const string Firsts =
        "dozmarbinwansamlitsighidfidlissogdirwacsabwissibrigsoldopmodfoglidhopdardorlorhodfolrintogsilmir" +
        "holpaslacrovlivdalsatlibtabhanticpidtorbolfosdotlosdilforpilramtirwintadbicdifrocwidbisdasmidlop" +
        "rilnardapmolsanlocnovsitnidtipsicropwitnatpanminritpodmottamtolsavposnapnopsomfinfonbanmorworsip" +
        "ronnorbotwicsocwatdolmagpicdavbidbaltimtasmalligsivtagpadsaldivdactansidfabtarmonranniswolmispal" +
        "lasdismaprabtobrollatlonnodnavfignomnibpagsopralbilhaddocridmocpacravripfaltodtiltinhapmicfanpat" +
        "taclabmogsimsonpinlomrictapfirhasbosbatpochactidhavsaplindibhosdabbitbarracparloddosbortochilmac" +
        "tomdigfilfasmithobharmighinradmashalraglagfadtopmophabnilnosmilfopfamdatnoldinhatnacrisfotribhoc" +
        "nimlarfitwalrapsarnalmoslandondanladdovrivbacpollaptalpitnambonrostonfodponsovnocsorlavmatmipfip";

    private const string Lasts =
        "zodnecbudwessevpersutletfulpensytdurwepserwylsunrypsyxdyrnuphebpeglupdepdysputlughecryttyvsydnex" +
        "lunmeplutseppesdelsulpedtemledtulmetwenbynhexfebpyldulhetmevruttylwydtepbesdexsefwycburderneppur" +
        "rysrebdennutsubpetrulsynregtydsupsemwynrecmegnetsecmulnymtevwebsummutnyxrextebfushepbenmuswyxsym" +
        "selrucdecwexsyrwetdylmynmesdetbetbeltuxtugmyrpelsyptermebsetdutdegtexsurfeltudnuxruxrenwytnubmed" +
        "lytdusnebrumtynseglyxpunresredfunrevrefmectedrusbexlebduxrynnumpyxrygryxfeptyrtustyclegnemfermer" +
        "tenlusnussyltecmexpubrymtucfyllepdebbermughuttunbylsudpemdevlurdefbusbeprunmelpexdytbyttyplevmyl" +
        "wedducfurfexnulluclennerlexrupnedlecrydlydfenwelnydhusrelrudneshesfetdesretdunlernyrsebhulryllud" +
        "remlysfynwerrycsugnysnyllyndyndemluxfedsedbecmunlyrtesmudnytbyrsenwegfyrmurtelreptegpecnelnevfes";

    private static readonly Dictionary<string, byte> FirstValues = Index(Firsts);
    private static readonly Dictionary<string, byte> LastValues = Index(Lasts);
    private static readonly Dictionary<string, byte>.AlternateLookup<ReadOnlySpan<char>> FirstLookup = FirstValues.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly Dictionary<string, byte>.AlternateLookup<ReadOnlySpan<char>> LastLookup = LastValues.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The syllable that begins a group of two, for the higher byte.</summary>
    public static ReadOnlySpan<char> First(byte value) => Firsts.AsSpan(value * Length, Length);

    /// <summary>The syllable that ends a group, for the lower byte; alone, the name of a galaxy.</summary>
    public static ReadOnlySpan<char> Last(byte value) => Lasts.AsSpan(value * Length, Length);

    /// <summary>The byte of a syllable that begins a group.</summary>
    public static bool TryFirst(ReadOnlySpan<char> syllable, out byte value) => FirstLookup.TryGetValue(syllable, out value);

    /// <summary>The byte of a syllable that ends a group.</summary>
    public static bool TryLast(ReadOnlySpan<char> syllable, out byte value) => LastLookup.TryGetValue(syllable, out value);

    /// <summary>Up to three syllables that differ least from a misspelt one of three letters, the nearest first.</summary>
    public static IReadOnlyList<string> Nearest(string misspelt, bool first)
    {
        ILookup<int, string> byDistance = (first ? FirstValues : LastValues).Keys
            .ToLookup(known => known.Zip(misspelt).Count(static pair => pair.First != pair.Second));
        return [.. byDistance[byDistance.Min(static group => group.Key)].Take(3)];
    }

    private static Dictionary<string, byte> Index(string table)
    {
        Dictionary<string, byte> values = new(256, StringComparer.Ordinal);
        for (int value = 0; value < 256; value++)
            values.Add(table.Substring(value * Length, Length), (byte)value);
        return values;
    }
}
